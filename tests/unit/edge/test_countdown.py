"""Time left in words: a table of moments, and the browser's arithmetic against ours."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from gridcase.domain.case import Action, Ruling
from gridcase.domain.history import LimitedStage
from gridcase.edge.countdown import Countdown, Countdowns, Standing, Urgency, countdown_words
from gridcase.edge.texts import Language
from gridcase.workflow.requests import AskExtension, AskSuspension, Decide, Dispatch
from tests.cases import FUMES, HAWKER, UNIT, UNROUTED, Play, limit, local, rulebook

SCRIPT = Path(__file__).parents[3] / "gridcase/web/static/console/countdown.js"


def dispatched(at: str, **filed: object) -> Play:
    return Play(at=at, **filed).do(Action.REGISTER).do(Action.DISPATCH, Dispatch(unit=UNIT))


def counted(play: Play, at: str, language: Language = Language.ZH) -> Countdown:
    found = Countdowns(rules=play.rules, now=local(at), language=language).of_case(play.case)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("filed", "at", "text", "note", "level"),
    [
        # Four working hours from Monday 09:00 are used up at 15:00, after the noon break.
        ("2026-10-12 09:00", "2026-10-12 09:00", "剩 4 小时", "", "ok"),
        ("2026-10-12 09:00", "2026-10-12 09:40", "剩 3 小时 20 分", "", "ok"),
        ("2026-10-12 09:00", "2026-10-12 11:00", "剩 2 小时", "", "soon"),
        ("2026-10-12 09:00", "2026-10-12 12:00", "剩 1 小时", "午休停表，14:00 继续", "soon"),
        ("2026-10-12 09:00", "2026-10-12 13:59:59", "剩 1 小时", "午休停表，14:00 继续", "soon"),
        ("2026-10-12 09:00", "2026-10-12 14:00", "剩 1 小时", "", "soon"),
        ("2026-10-12 09:00", "2026-10-12 14:55:30", "剩 4 分 30 秒", "", "soon"),
        # Equality is on time.
        ("2026-10-12 09:00", "2026-10-12 15:00", "剩 0 秒", "", "soon"),
        ("2026-10-12 09:00", "2026-10-12 15:00:01", "超时 1 秒", "", "late"),
        ("2026-10-12 09:00", "2026-10-12 20:00", "超时 3 小时", "停表，周二 08:00 继续", "late"),
        # Two working days and an hour later; a working day has eight hours.
        ("2026-10-12 09:00", "2026-10-14 16:00", "超时 2 天 1 小时", "", "late"),
        # Due at the end of Friday: on Saturday it is late by no working time at all.
        ("2026-10-16 14:00", "2026-10-17 10:00", "已超时", "停表，周一 08:00 继续", "late"),
        # A make-up workday 调休 is a working day; a holiday of a week is passed over with its date.
        ("2026-10-10 09:00", "2026-10-10 10:00", "剩 3 小时", "", "ok"),
        ("2026-09-30 16:00", "2026-09-30 19:00", "剩 2 小时", "停表，10月8日 08:00 继续", "soon"),
        # Before the office opens.
        ("2026-10-12 17:00", "2026-10-13 07:00", "剩 3 小时", "停表，08:00 继续", "ok"),
    ],
)
def test_a_deadline_in_working_time_is_told_in_words(filed: str, at: str, text: str, note: str, level: str) -> None:
    found = counted(dispatched(filed, type=UNROUTED), at)

    assert (found.text, found.note, found.level) == (text, note, level)


@pytest.mark.parametrize(
    ("at", "text"),
    [("2026-10-12 12:30", "剩 0 秒"), ("2026-10-12 13:00", "超时 30 分"), ("2026-10-14 13:00", "超时 2 天")],
)
def test_an_urgent_clock_runs_through_noon_and_night(at: str, text: str) -> None:
    found = counted(dispatched("2026-10-12 10:30", type=HAWKER), at)

    assert (found.text, found.note, found.standing, found.switches) == (text, "", Standing.RUNNING, ())


def test_english_says_the_same() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED)

    assert counted(play, "2026-10-12 13:00", Language.EN).text == "1 h left"
    assert counted(play, "2026-10-12 13:00", Language.EN).note == "noon break, goes on at 14:00"
    assert counted(play, "2026-10-12 09:40", Language.EN).title == "3 h 20 min left (working time), due 12 Oct 15:00"


def test_a_suspension_holds_the_clock_and_tells_until_when() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED).do(Action.ACCEPT).at("10:00")
    until = local("2026-10-20 18:00")
    play.do(Action.ASK_SUSPENSION, AskSuspension(reason="season", until=until))
    play.do(Action.DECIDE_SUSPENSION, Decide(ruling=Ruling.GRANT))

    found = counted(play, "2026-10-16 10:00")

    assert (found.text, found.note, found.paused) == ("剩 3 小时", "挂账停表，至 10月20日", True)
    assert found.data == {}


def test_a_passed_deadline_is_not_late_while_an_extension_is_undecided() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED).at("14:30")
    play.do(Action.ASK_EXTENSION, AskExtension(reason="workload", amount=limit("4 working_hour")))

    found = counted(play, "2026-10-12 16:00")

    assert (found.text, found.note, found.level) == ("超时 1 小时", "延期待批", Urgency.SOON)


def test_a_stage_that_is_done_tells_how_early_it_was() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED)
    counting = Countdowns(rules=play.rules, now=local("2026-11-02 09:00"), language=Language.ZH)

    found = counting.of_clock(play.case.clocks[LimitedStage.DISPATCH])

    assert (found.text, found.note, found.level) == ("提前 1 小时", "已停表", "ok")


def test_a_case_without_a_deadline_has_no_countdown() -> None:
    play = Play(type=FUMES).do(Action.VOID)

    assert Countdowns(rules=rulebook(), now=play.now, language=Language.ZH).of_case(play.case) is None


def test_the_browser_ticks_to_what_the_server_would_say(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "the pages need Node at set-up, and so does this test"
    seen = ["2026-10-12 09:40", "2026-10-12 11:59:50", "2026-10-12 13:00", "2026-10-12 19:00", "2026-10-13 08:00"]
    later = [*seen, "2026-10-12 12:00", "2026-10-12 14:55:30", "2026-10-12 15:00", "2026-10-12 15:00:01"]
    later += ["2026-10-13 13:30", "2026-10-13 17:00"]
    asked, expected = [], []
    for language in Language:
        for play in (dispatched("2026-10-12 09:00", type=UNROUTED), dispatched("2026-10-12 09:30", type=HAWKER)):
            for begin in seen:
                for end in (one for one in later if local(one) >= local(begin)):
                    told = counted(play, end, language)
                    asked.append(
                        {
                            "data": dict(counted(play, begin, language).data),
                            "now": int(local(end).timestamp()),
                            "words": countdown_words(language),
                        }
                    )
                    expected.append([told.text, told.note, told.level, told.standing])
    (tmp_path / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    (tmp_path / "countdown.mjs").write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "ask.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        'import { shown } from "./countdown.mjs";\n'
        'const asked = JSON.parse(readFileSync(new URL("./asked.json", import.meta.url), "utf8"));\n'
        "const told = asked.map(({ data, now, words }) => shown(data, now, words));\n"
        "console.log(JSON.stringify(told.map((one) => [one.text, one.note, one.level, one.standing])));\n",
        encoding="utf-8",
    )

    done = subprocess.run([node, tmp_path / "ask.mjs"], capture_output=True, check=True, text=True)

    assert json.loads(done.stdout) == expected


def test_many_deadlines_ask_each_calendar_once() -> None:
    play = dispatched("2026-10-12 09:00", type=UNROUTED)
    counting = Countdowns(rules=play.rules, now=local("2026-10-13 09:00"), language=Language.ZH)

    told = {counting.of_case(play.case) is not None for _ in range(50)}

    assert told == {True}
    assert list(counting._known) == ["plain"]
    assert date(2026, 10, 13) in play.rules.calendars["plain"]._known
