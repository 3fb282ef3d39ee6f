"""An office with a case that some may not see, and what everybody was answered before it was there."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from gridcase.domain.numbers import NumberParts, case_number
from gridcase.edge.runtime import SESSION_COOKIE
from gridcase.services.queue import keep_view
from gridcase.services.recurring import find_recurrences
from gridcase.services.sealing import seal_history
from gridcase.services.telling_news import tell_news
from gridcase.services.watching_cases import tick
from tests.office import PASSWORD, PEOPLE, Caller, Office, jpeg, open_office
from tests.security.routes import Target, asked_of, requests_of

#: Who may not see the hidden case: it lies in another community and is another unit's.
BLIND = ("inspector", "unit_leader", "handler", "chief", "contractor", "public_door")
#: Some of those who may, by whom the same questions are tried.
SEEING = ("dispatcher", "other_unit", "inspector2")

#: Whole texts of the hidden case; ``WORDS`` is what an attacker searches for.
WORDS = "密件"
HIDDEN = {
    "address": "密件地址北大街七号甲",
    "description": "密件描述两辆红色货车",
    "place": "密件地点后门",
    "comment": "密件备注请勿外传",
    "urge": "密件催办",
    "supervise": "密件督办要求",
    "extension": "密件延期理由",
    "view": "密件视图",
}
#: Names of people that units must not learn of a case they handle.
FINDER, CHECKER = "发现人九丙一戊", "核查人二乙七戊"

Answer = tuple[int, tuple[tuple[str, str], ...], bytes]
Asked = tuple[str, str, str]


@dataclass
class World:
    """The office, who is signed in, the two cases, and a copy of the office from before the second was filed."""

    office: Office
    clients: dict[str, FlaskClient]
    earlier: Office
    open_number: str
    hidden_number: str
    open_photo: str
    hidden_photo: str
    before: dict[str, dict[Asked, Answer]] = field(default_factory=dict)
    after: dict[str, dict[Asked, Answer]] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """What is asked for."""
        return Target(numbers=(self.open_number, self.hidden_number), photos=(self.open_photo, "0" * 32), words=WORDS)

    def rules(self) -> tuple[Rule, ...]:
        """Every route to be asked."""
        return asked_of(self.office.app)

    def answers_before(self, username: str) -> dict[Asked, Answer]:
        """Return what one person was answered before the hidden case was there; asked once."""
        if username not in self.before:
            # The same session: addresses and answers of sessions hold its number.
            cookie = self.clients[username].get_cookie(SESSION_COOKIE)
            assert cookie is not None
            client = browser(self.earlier)
            client.set_cookie(SESSION_COOKIE, cookie.value)
            self.before[username] = self.answers(client)
        return self.before[username]

    def answers_now(self, username: str) -> dict[Asked, Answer]:
        """Return what one person is answered now that the hidden case is there; asked once, used by many tests."""
        if username not in self.after:
            self.after[username] = self.answers(self.clients[username])
        return self.after[username]

    def answers(self, client: FlaskClient) -> dict[Asked, Answer]:
        """Ask every route everything as one person."""
        return {
            one: answer
            for rule in self.rules()
            for asked in requests_of(rule, self.target)
            for one, answer in (ask(client, asked),)
        }


def ask(client: FlaskClient, asked: dict[str, Any]) -> tuple[Asked, Answer]:
    """Ask for something; returns what was asked and the answer without what differs each time."""
    answer = client.get(**asked)
    headers = tuple(sorted((name, value) for name, value in answer.headers if name not in _EACH_TIME))
    key = (asked["path"], str(asked.get("query_string") or ""), asked["headers"].get("HX-Request", ""))
    body = _FRESH.sub(b"", answer.data)
    answer.close()
    return key, (answer.status_code, headers, body)


#: Keys by which a form is sent once, made anew for each.
_FRESH = re.compile(
    rb'name="(?:key|client_ref|idempotency_key)" value="[0-9a-f-]{32,36}"'
    # Tells a unit that its own tenure of a case has ended; what it tells besides: tests/services/test_queue.py.
    rb'|"mark": ?"[0-9.]+"'
)
_EACH_TIME = {"X-Request-Id", "Date", "Content-Length"}


def browser(office: Office) -> FlaskClient:
    """Return a browser on the office's own pages."""
    client = office.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


def signed_in(office: Office, username: str) -> FlaskClient:
    """Return a browser in which somebody is signed in."""
    client = browser(office)
    answer = client.post("/login", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def work(office: Office) -> None:
    """Do what the timed jobs do."""
    tick(office.rt)
    find_recurrences(office.rt)
    tell_news(office.rt)
    seal_history(office.rt)


def rename(office: Office, username: str, name: str) -> None:
    with office.rt.database.writing() as tx:
        tx.execute(
            text("UPDATE person SET name = :name WHERE username = :username"), {"name": name, "username": username}
        )


@pytest.fixture(scope="package")
def world(furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world of the matrix; nobody changes it afterwards.

    Only what a test needs is asked: what was answered before comes from a copy of the office, so a worker that has
    a few tests of the matrix does not pay for all of them.
    """
    folder = tmp_path_factory.mktemp("matrix") / "now"
    folder.mkdir()
    shutil.copy(furnished_sqlite, folder / "office.sqlite")
    office = opened(folder)
    rename(office, "inspector", FINDER)
    rename(office, "inspector2", CHECKER)
    open_number, open_photo = file_open(office)
    work(office)
    clients = {name: signed_in(office, name) for name in PEOPLE}
    # The city's key is made when somebody first asks for it; both offices have to have the same.
    assert clients["leader"].get("/month/public-key.pem").status_code == 200
    with office.rt.database.reading() as tx:
        identity = tx.execute(text("SELECT max(id) FROM case_record")).scalar_one() + 1
    day = office.clock.now().astimezone(office.rt.settings.zone).date()
    hidden = case_number(NumberParts(prefix=office.rt.settings.instance_prefix, filed_on=day, identity=identity))
    office.rt.database.engine.dispose()
    earlier = opened(Path(shutil.copytree(folder, folder.with_name("before"))))
    number, hidden_photo = file_hidden(office)
    assert number == hidden
    work(office)
    yield World(
        office=office,
        clients=clients,
        earlier=earlier,
        open_number=open_number,
        hidden_number=hidden,
        open_photo=open_photo,
        hidden_photo=hidden_photo,
    )
    for one in (office, earlier):
        one.rt.database.engine.dispose()


def opened(folder: Path) -> Office:
    return open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)


def file_open(office: Office) -> tuple[str, str]:
    """File a case of the first unit in the first community, taken to a failed check by another inspector."""
    inspector = office.caller("inspector")
    photo = inspector.photo()
    number = str(inspector.file(office.filing(attachments=[photo], address="公开地址")).json["number"])
    finish(office, number, unit="unit_leader", words=PLAIN)
    return number, photo


def file_hidden(office: Office) -> tuple[str, str]:
    """File the case that is hidden from ``BLIND``; their unit had it for a moment."""
    inspector = office.caller("inspector2")
    photo = inspector.photo(data=jpeg("blue"))
    place = office.point("320404005004")
    body = office.filing(
        attachments=[photo],
        address=HIDDEN["address"],
        description=HIDDEN["description"],
        place=HIDDEN["place"],
        location={"lon": place.lon, "lat": place.lat, "accuracy_m": 8},
    )
    number = str(inspector.file(body).json["number"])
    said(office.caller("dispatcher").act(number, "reassign", unit="NDJ-HW", reason="workload"))
    finish(office, number, unit="other_unit", words=HIDDEN)
    keep_view(office.rt, office.actor("dispatcher"), name=HIDDEN["view"], query=f"q={HIDDEN['view']}")
    return number, photo


PLAIN = dict.fromkeys(HIDDEN, "公开文字")


def finish(office: Office, number: str, *, unit: str, words: dict[str, str]) -> None:
    """Say and do much to a case, up to a failed check."""
    one: Caller = office.caller(unit)
    dispatcher, leader, acceptor = (office.caller(name) for name in ("dispatcher", "leader", "acceptor"))
    said(dispatcher.act(number, "comment", text=words["comment"]))
    said(dispatcher.act(number, "urge", text=words["urge"]))
    said(leader.act(number, "supervise", text=words["supervise"]))
    said(one.act(number, "accept"))
    amount = {"amount": "2", "unit": "working_hour"}
    said(one.act(number, "ask_extension", reason="weather", amount=amount, note=words["extension"]))
    # Of another size for each case: the same bytes twice would be a known photo.
    handled = jpeg("green", (40, 30 + len(unit)))
    said(one.act(number, "report", done=words["comment"], attachments=[one.photo("handle", handled)]))
    checker = office.caller("inspector2")
    said(acceptor.act(number, "request_check", mode="on_site", inspector=office.actor("inspector2").person))
    case = acceptor.get(f"/cases/{number}").json
    place = {"lon": case["location"]["lon"], "lat": case["location"]["lat"], "accuracy_m": 5}
    photo = checker.photo("check", jpeg("yellow", (40, 30 + len(unit))))
    said(checker.act(number, "check", result="fail", note=words["comment"], location=place, attachments=[photo]))


def said(answer: Any) -> None:
    assert answer.status_code == 200, answer.json
