"""What becomes of what waits in the phone's outbox: the app's own decisions, run as they are by Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "gridcase/web/static/m/rules.js"
ASK = """
import { readFileSync } from "node:fs";
import * as rules from "./rules.mjs";
const asked = JSON.parse(readFileSync(new URL("./asked.json", import.meta.url), "utf8"));
console.log(JSON.stringify(asked.map(([name, ...given]) => rules[name](...given))));
"""
OWNER, OTHER = 7, 8
NOW = 1_000_000


class Decide:
    """Asks many questions in one run of Node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules.mjs").write_text(SCRIPT.read_text("utf-8"), encoding="utf-8")
        (folder / "ask.mjs").write_text(ASK, encoding="utf-8")

    def __call__(self, asked: list[list[Any]]) -> list[Any]:
        node = shutil.which("node")
        assert node, "the app needs Node at set-up, and so does this test"
        (self.folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run([node, self.folder / "ask.mjs"], capture_output=True, check=True, text=True)
        found: list[Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def decide(tmp_path: Path) -> Decide:
    return Decide(tmp_path)


def reply(status: int, code: str = "", *, ours: bool = True) -> dict[str, Any]:
    return {"status": status, "code": code, "isOurs": ours}


VERDICTS = [
    (None, "offline"),  # nothing came back
    (reply(200, ours=False), "offline"),  # a hotel's sign-in page
    (reply(404, ours=False), "offline"),  # a router's page
    (reply(502, ours=False), "retry"),  # the proxy stands, the server does not
    (reply(413, ours=False), "parked"),  # too large for the proxy: it will never be smaller
    (reply(413, "file_too_large"), "parked"),
    (reply(200), "done"),
    (reply(201), "done"),
    (reply(204), "done"),
    (reply(401, "not_signed_in"), "sign_in"),
    (reply(403, "not_permitted"), "parked"),
    (reply(404, "case_not_found"), "parked"),
    (reply(408), "retry"),
    (reply(409, "busy"), "retry"),
    (reply(409, "wrong_state"), "parked"),
    (reply(412, "stale_case"), "stale"),
    (reply(422, "invalid_input"), "parked"),
    (reply(425), "retry"),
    (reply(429, "too_many"), "retry"),
    (reply(500), "retry"),
    (reply(503), "retry"),
]


def test_each_answer_has_its_verdict(decide: Decide) -> None:
    found = decide([["judge", answer] for answer, _ in VERDICTS])

    assert list(zip([answer for answer, _ in VERDICTS], found, strict=True)) == VERDICTS


def item(name: str, seq: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": name,
        "seq": seq,
        "owner": OWNER,
        "status": "queued",
        "next_at": 0,
        "chain": None,
        "after": None,
    } | changed


FILED = item("filed", 1)
SENDING = [
    ([], None),
    ([item("later", 2), FILED], "filed"),  # in the order in which they were made
    ([item("theirs", 1, owner=OTHER)], None),
    ([item("done", 1, status="done"), item("parked", 2, status="parked"), item("stale", 3, status="stale")], None),
    ([item("not yet", 1, next_at=NOW + 1), item("next", 2)], "next"),
    ([item("first", 1, chain="A", next_at=NOW + 1), item("second", 2, chain="A")], None),  # one case, in order
    ([item("refused", 1, chain="A", status="parked"), item("second", 2, chain="A")], "second"),
    ([item("visit", 2, after="filed"), FILED], "filed"),
    ([item("visit", 2, after="filed"), FILED | {"status": "parked"}], None),  # builds on what was refused
    ([item("visit", 2, after="filed"), FILED | {"status": "done"}], "visit"),
    ([item("visit", 2, after="filed")], "visit"),  # confirmed long ago, or on the phone before this one
]


def test_what_is_sent_next_is_due_and_in_order(decide: Decide) -> None:
    found = decide([["nextItem", items, {"owner": OWNER, "now": NOW}] for items, _ in SENDING])

    assert [one and one["id"] for one in found] == [name for _, name in SENDING]


LOOKING = [
    ([], None),
    ([item("soon", 1, next_at=NOW + 5), item("later", 2, next_at=NOW + 9)], NOW + 5),
    ([item("theirs", 1, owner=OTHER, next_at=NOW + 5)], None),
    ([item("first", 1, chain="A", next_at=NOW + 5), item("second", 2, chain="A")], NOW + 5),
    ([FILED | {"status": "parked"}, item("visit", 2, after="filed")], None),  # the person's turn: no use in looking
]


def test_the_phone_looks_again_when_something_is_due_and_not_before(decide: Decide) -> None:
    found = decide([["nextLook", items, {"owner": OWNER, "now": NOW}] for items, _ in LOOKING])

    assert found == [when for _, when in LOOKING]


def test_a_confirmation_tells_the_number_to_what_builds_on_it_and_to_nothing_else(decide: Decide) -> None:
    done = {"at": NOW, "number": "AJ1"}
    visit = item("visit", 2, after="filed", body={"result": "case"})
    others = [item("other", 3, body={}), visit | {"status": "done"}, visit | {"after": "other"}]

    filed, told, *left = decide([["confirmed", one, "filed", done] for one in (FILED, visit, *others)])

    assert (filed["status"], filed["done"]) == ("done", done)
    assert (told["status"], told["body"]) == ("queued", {"result": "case", "case": "AJ1"})
    assert left == [None] * 3


def test_waiting_doubles_up_to_five_minutes_and_half_of_it_is_chance(decide: Decide) -> None:
    asked = [(1, 0), (1, 1), (2, 1), (3, 0.5), (20, 0), (20, 1)]

    assert decide([["waitMs", *one] for one in asked]) == [750, 1500, 3000, 4500, 150_000, 300_000]


def test_only_what_was_confirmed_long_ago_is_forgotten_and_its_photos_sooner(decide: Decide) -> None:
    day = 24 * 3600 * 1000
    items = [
        item(name, seq, status=status, done={"at": 1} if status == "done" else None, photos=[f"of {name}"])
        for seq, (name, status) in enumerate((("sent", "done"), ("waits", "queued"), ("refused", "parked")))
    ]

    assert decide([["spent", items, after * day + 2] for after in (0, 1, 7)]) == [
        {"items": [], "photos": []},
        {"items": [], "photos": ["of sent"]},
        {"items": ["sent"], "photos": ["of sent"]},
    ]
