"""Script in every text that people write, and every page kept to its own files: nothing written becomes an element.

The texts carry an element, an attribute's end, a template's braces and a script island's end. Pages are parsed as a
browser would and searched for what must not be there.
"""

import io
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import text

from gridcase.services import configuring
from gridcase.services.queue import keep_view
from tests.office import PEOPLE, ROOT, Office, jpeg, open_office
from tests.security.conftest import HIDDEN, World, finish, signed_in, work
from tests.security.routes import Target, asked_of, requests_of
from tests.security.written import administer, contest

#: Every page is asked for by each role.
pytestmark = pytest.mark.timeout(900)

CANARY = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}${7*7}"
#: What the canary would leave if a template ran it.
RUN = re.compile(r"\{\{7\*7\}\}|49\$\{7\*7\}")
TEMPLATES = sorted((ROOT / "gridcase/web/templates").rglob("*.html"))


class Markup(HTMLParser):
    """Notes what may not stand on a page, and what would have come of the canary."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._island = ""
        self._inline = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        given = dict(attrs)
        self.faults += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.faults += [f"{name}={value}" for name, value in attrs if is_script_address(name, value)]
        self.faults += [f"<{tag}>" for _ in (0,) if tag in ("style", "iframe", "object", "embed", "base")]
        if tag == "img" and given.get("src") == "x":
            self.faults.append("the canary's picture")
        if tag == "script":
            self._inline = "src" not in given and given.get("type") != "application/json"
            self._island = "" if given.get("type") == "application/json" else "-"

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        if self._inline and data.strip():
            self.faults.append(f"script: {data[:40]}")
        self._inline = False


def is_script_address(name: str, value: str | None) -> bool:
    said = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
    return name in ("href", "src", "action", "formaction", "hx-get", "hx-post") and said.startswith(
        ("javascript:", "data:text", "vbscript:")
    )


def faults_of(page: str) -> list[str]:
    parser = Markup()
    parser.feed(page)
    return parser.faults


def test_the_search_finds_what_the_canary_would_leave():
    assert len(faults_of(f'<p title="{CANARY}">')) >= 2
    assert faults_of("<script>x()</script><a href=' java\tscript:x'><b style='a'><style>") == [
        "script: x()",
        "href= java\tscript:x",
        "<b style>",
        "<style>",
    ]
    assert faults_of('<script src="/a.js"></script><script type="application/json">{"a": 1}</script>') == []


@pytest.fixture(scope="module")
def tainted(furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Target]]:
    """An office in which every text that anybody wrote is the canary."""
    folder = tmp_path_factory.mktemp("tainted")
    shutil.copy(furnished_sqlite, folder / "office.sqlite")
    office = open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)
    inspector = office.caller("inspector")
    photo = inspector.photo()
    body = office.filing(attachments=[photo], address=CANARY, place=CANARY, description=CANARY)
    number = inspector.file(body).json["number"]
    finish(office, number, unit="unit_leader", words=dict.fromkeys(HIDDEN, CANARY))
    hotline = office.filing(source="hotline", address=CANARY, description=CANARY)
    office.caller("acceptor").file(hotline)
    with office.rt.database.writing() as tx:
        tx.execute(text("UPDATE person SET name = substr(:canary, 1, 80)"), {"canary": CANARY})
    for username in PEOPLE:
        keep_view(office.rt, office.actor(username), name=CANARY[1:31], query=f"q={CANARY}")
    rename_units(office, folder)
    administer(office, folder, CANARY)
    work(office)
    contest(office, number, CANARY)
    yield office, Target(numbers=(number,), photos=(photo,), words=CANARY)
    office.rt.database.engine.dispose()


def rename_units(office: Office, folder: Path) -> None:
    """Give a unit the canary for a name, by a new version of the configuration."""
    shutil.copytree(ROOT / "config", folder / "config")
    (file,) = (folder / "config" / "units").glob("*.yaml")
    source = file.read_text("utf-8")
    changed = re.sub(r"(?m)^version: .*$", 'version: "2026-10-11"', source, count=1)
    changed = changed.replace("综合行政执法中队", json.dumps(CANARY), 1)
    assert changed.count("alert(2)") == 1
    file.write_text(changed, "utf-8")
    configuring.apply_folder(office.rt, folder / "config")


@pytest.mark.parametrize("username", sorted(PEOPLE.keys() - {"public_door", "centre"}))
def test_nothing_that_people_write_becomes_part_of_a_page(tainted: tuple[Office, Target], username: str) -> None:
    office, target = tainted
    client = signed_in(office, username)
    pages = told = 0
    for rule in asked_of(office.app):
        for asked in requests_of(rule, target):
            answer = client.get(**asked)
            if answer.mimetype != "text/html":
                # What is not a page must never be taken for one.
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                continue
            pages += 1
            told += "alert(2)" in answer.text
            assert (asked["path"], faults_of(answer.text)) == (asked["path"], [])
            assert "49${7*7}" not in answer.text, asked["path"]
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self'"), asked["path"]
            assert "unsafe" not in policy, asked["path"]
            assert "*" not in policy, asked["path"]
    assert pages > 5
    assert told > 0


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_no_template_has_a_style_or_script_of_its_own(template: Path) -> None:
    source = template.read_text("utf-8")
    assert re.findall(r"\sstyle\s*=|<style|\son\w+=[\"']|hx-on|javascript:", source) == []
    assert re.findall(r"\|\s*safe\b|autoescape false|Markup\(", source) == [], "say what is safe in Python, with a test"
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", source)
    assert inline == []


def test_no_script_of_ours_runs_text_or_writes_markup_from_it() -> None:
    scripts = [
        path
        for path in (ROOT / "gridcase/web/static").rglob("*.js")
        if "vendor" not in path.parts and path.name != "docs.js"
    ]
    assert scripts
    for path in scripts:
        source = re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
        found = re.findall(r"\beval\(|new Function\(|document\.write|insertAdjacentHTML|outerHTML\s*=", source)
        assert (path.name, found) == (path.name, [])


NAMES = [
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd",
    "a\r\nSet-Cookie: x=y.jpg",
    'a".jpg',
    "<script>alert(1)</script>.jpg",
    "a\x00.php",
    "b\r\n\r\n<svg onload=alert(1)>.jpg",
    "a" * 300 + ".jpg",  # longer than a name of a file may be
    "a" * 5000 + ".jpg",
    "photo\u202egpj.exe",  # shown from right to left: photoexe.jpg
    "photo.svg",
    ".htaccess",
    "CON",
    "甲.jpg",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_name_counts_for_nothing(world: World, name: str) -> None:
    office = world.office
    headers = office.caller("dispatcher").headers
    known = {path for path in office.rt.settings.data_dir.rglob("*") if path.is_file()}
    answer = world.office.app.test_client().post(
        "/api/v1/attachments",
        data={"file": (io.BytesIO(jpeg("purple")), name), "usage": "other"},
        headers=headers,
    )
    assert answer.status_code in (201, 422), answer.json
    if answer.status_code == 201:
        assert name[:20] not in json.dumps(answer.json, ensure_ascii=False) or name == ""
        served = office.app.test_client().get(f"/api/v1/attachments/{answer.json['id']}", headers=headers)
        assert served.mimetype == "image/jpeg"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in served.headers
        assert "script" not in str(served.headers.get("Content-Disposition", ""))
    new = {path for path in office.rt.settings.data_dir.rglob("*") if path.is_file()} - known
    assert all(re.fullmatch(r"[0-9a-f]{64}(\.(shown|thumb))?|office\.sqlite.*", path.name) for path in new)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script>",
        b"GIF89a<script>alert(1)</script>",
        b"%PDF-1.4",
        b"\xff\xd8\xff<script>alert(1)</script>",
    ],
)
def test_what_is_no_photo_is_not_taken_whatever_it_calls_itself(world: World, data: bytes) -> None:
    answer = world.office.app.test_client().post(
        "/api/v1/attachments",
        data={"file": (io.BytesIO(data), "photo.jpg", "image/jpeg"), "usage": "other"},
        headers=world.office.caller("dispatcher").headers,
    )
    assert answer.status_code == 422
