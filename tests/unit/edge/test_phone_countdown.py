"""The phone counts down by itself what the server would say, offline for weeks, over noons, nights and holidays."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from gridcase.domain.case import Action, Ruling
from gridcase.edge.countdown import Countdowns, deciding_clock, switches_by_calendar
from gridcase.edge.texts import Language
from gridcase.web.words.phone import WORDS
from gridcase.workflow.requests import AskSuspension, Decide
from tests.cases import HAWKER, UNROUTED, Play, local
from tests.unit.edge.test_countdown import counted, dispatched

SCRIPT = Path(__file__).parents[3] / "gridcase/web/static/m/time_left.js"
ASK = """
import { readFileSync } from "node:fs";
import { left, unpack } from "./time_left.mjs";
const { asked, words } = JSON.parse(readFileSync(new URL("./asked.json", import.meta.url), "utf8"));
const t = (language) => (key, values = {}) => words[language][key].replace(/\\{(\\w+)\\}/g, (_, name) => values[name]);
const told = asked.map(({ clock, calendars, now, language }) => {
  const ready = Object.fromEntries(Object.entries(calendars).map(([name, minutes]) => [name, unpack(minutes)]));
  const found = left(clock, ready, now, t(language));
  return found && [found.text, found.level, found.note !== ""];
});
console.log(JSON.stringify(told));
"""


def told_by_the_phone(asked: list[dict[str, Any]], folder: Path) -> list[Any]:
    node = shutil.which("node")
    assert node, "the app needs Node at set-up, and so does this test"
    words = {str(one): {key.removeprefix("phone."): text.in_(one) for key, text in WORDS.items()} for one in Language}
    (folder / "asked.json").write_text(json.dumps({"asked": asked, "words": words}), encoding="utf-8")
    (folder / "time_left.mjs").write_text(SCRIPT.read_text("utf-8"), encoding="utf-8")
    (folder / "ask.mjs").write_text(ASK, encoding="utf-8")
    done = subprocess.run([node, folder / "ask.mjs"], capture_output=True, check=True, text=True)
    found: list[Any] = json.loads(done.stdout)
    return found


def question(play: Play, synced_at: str, at: str, language: Language = Language.ZH) -> dict[str, Any]:
    clock = deciding_clock(play.case)
    assert clock is not None
    synced = Countdowns(rules=play.rules, now=local(synced_at), language=language)
    return {
        "clock": synced.ticking(clock),
        "calendars": switches_by_calendar(play.rules, local(synced_at)),
        "now": int(local(at).timestamp()),
        "language": str(language),
    }


#: From before the office opens to a week after a holiday.
MOMENTS = (
    *("2026-10-12 07:00", "2026-10-12 09:00", "2026-10-12 09:40", "2026-10-12 11:00", "2026-10-12 12:00"),
    *("2026-10-12 13:59:59", "2026-10-12 14:00", "2026-10-12 14:55:30", "2026-10-12 15:00", "2026-10-12 15:00:01"),
    *("2026-10-12 20:00", "2026-10-13 07:00", "2026-10-14 16:00", "2026-10-17 10:00", "2026-10-30 12:30"),
)


def test_the_phone_says_what_the_server_would_say_whenever_it_synced(tmp_path: Path) -> None:
    asked, expected = [], []
    for language in Language:
        for filed, case_type in (
            ("2026-10-12 07:00", UNROUTED),
            ("2026-10-12 07:00", HAWKER),
            ("2026-10-09 15:00", UNROUTED),
        ):
            play = dispatched(filed, type=case_type)
            for synced_at in ("2026-10-12 07:00", "2026-10-12 12:30", "2026-10-20 09:00"):
                for at in MOMENTS:
                    asked.append(question(play, synced_at, at, language))
                    server = counted(play, at, language)
                    expected.append([server.text, server.level, server.note != ""])

    assert told_by_the_phone(asked, tmp_path) == expected


def test_over_a_holiday_of_a_week_the_phone_counts_no_hour(tmp_path: Path) -> None:
    play = dispatched("2026-09-30 16:00", type=UNROUTED)

    (told,) = told_by_the_phone([question(play, "2026-09-30 17:00", "2026-10-05 10:00")], tmp_path)

    assert told == ["剩 2 小时", "soon", True]


def test_a_suspended_case_stands_where_it_stood(tmp_path: Path) -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED).do(Action.ACCEPT).at("10:00")
    play.do(Action.ASK_SUSPENSION, AskSuspension(reason="season", until=local("2026-10-20 18:00")))
    play.do(Action.DECIDE_SUSPENSION, Decide(ruling=Ruling.GRANT))

    (told,) = told_by_the_phone([question(play, "2026-10-13 09:00", "2026-10-16 10:00")], tmp_path)

    assert told == ["剩 3 小时", "ok", True]


def test_beyond_what_was_sent_the_phone_says_nothing_rather_than_something_wrong(tmp_path: Path) -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED)

    assert told_by_the_phone([question(play, "2026-10-12 09:00", "2027-02-01 09:00")], tmp_path) == [None]


def test_weeks_of_working_time_are_a_few_hundred_bytes() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED)
    told = json.dumps(switches_by_calendar(play.rules, play.now), separators=(",", ":"))

    assert len(told) < 1000 * len(play.rules.calendars)
