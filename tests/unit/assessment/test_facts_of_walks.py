"""What is folded from history agrees with what the workflow itself holds, wherever chance leads a case."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from gridcase.assessment.facts import FactRows, Handling, fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseNumber, CaseState, CheckResult, Ruling
from gridcase.domain.errors import GridcaseError
from gridcase.domain.history import CaseEvent, plain_line
from gridcase.workflow.case import Case, Outcome, is_excused
from gridcase.workflow.requests import Check, Decide, Reassign
from gridcase.workflow.transitions import TABLE
from tests.cases import PEOPLE, PHOTO, SUB_HANDLER, UNIT, Play, good

#: What leads nowhere, or is said aside, comes seldom: walks go farther without.
RARE = {
    Action.VOID,
    Action.TRANSFER,
    Action.LINK_DUPLICATE,
    Action.CORRECT,
    Action.URGE,
    Action.COMMENT,
    Action.ATTACH,
    Action.SUPERVISE,
    Action.WITHDRAW_DISPATCH,
    Action.TAKE_BACK,
}
ACTIONS = {row.action for row in TABLE} - {Action.FILE, Action.IMPORT}
ACTORS = (*PEOPLE.values(), SUB_HANDLER)


def payload_of(action: Action, chance: random.Random) -> object:
    if action is Action.CHECK:
        return Check(result=chance.choice(list(CheckResult)), attachments=PHOTO)
    if action is Action.REASSIGN:
        return Reassign(unit=UNIT, reason=chance.choice(["wrong_unit", "workload"]))
    if action in (Action.DECIDE_EXTENSION, Action.DECIDE_SUSPENSION) and chance.random() < 0.3:
        return Decide(ruling=Ruling.REFUSE, note="不同意")
    return good(action)


def walk(seed: int) -> tuple[Case, FactRows]:
    play, lines = walked(seed)
    return play.case, fold(lines, cut_off=play.now + timedelta(seconds=1))


def walked(seed: int) -> tuple[Play, list[CaseEvent]]:
    chance = random.Random(seed)
    play = Play()
    lines: list[CaseEvent] = []
    _note(lines, play)
    for _ in range(35):
        play.later(minutes=chance.choice([1, 5, 60, 300]))
        offered = [(actor, action) for actor in ACTORS for action in play.offers(actor)]
        likely = [(actor, action) for actor, action in offered if action not in RARE or chance.random() < 0.1]
        if not likely:
            continue
        actor, action = chance.choice(likely)
        with suppress(GridcaseError):
            play.do(action, payload_of(action, chance), by=actor)
        _note(lines, play)
    return play, lines


def _note(lines: list[CaseEvent], play: Play) -> None:
    for seq, new in enumerate(play.events[len(lines) :], start=len(lines) + 1):
        lines.append(
            CaseEvent(
                case=CaseNumber("C1"),
                seq=seq,
                action=new.action,
                from_state=new.from_state,
                to_state=new.to_state,
                actor=new.actor.person,
                role=new.actor.role,
                unit=new.actor.unit,
                recorded_at=play.now,
                observed_at=new.observed_at,
                facts=new.facts,
            )
        )


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_facts_agree_with_the_case_after_any_walk(first):
    for seed in range(first, first + 50):
        case, rows = walk(seed)
        (row,) = rows.cases
        kept = [one for one in case.assignments if one.outcome is not Outcome.WITHDRAWN]
        told = (row.state, row.type, row.registered_at, row.lead_case, row.self_handled, row.is_suspended)
        held = (case.state, case.type, case.registered_at, case.lead, case.is_self_handled)

        assert told == (*held, case.state is CaseState.SUSPENDED), seed
        assert [(one.number, one.unit, one.is_lead, one.handle_due_at) for one in rows.assignments] == [
            (one.number, one.unit, one.is_lead, one.due_at) for one in kept
        ], seed
        assert [(one.kind, one.post, one.due_at, one.done_at, one.withdrawn_at, one.result) for one in rows.tasks] == [
            (one.kind, f"{Role.INSPECTOR}/{one.inspector}", one.due_at, one.done_at, one.withdrawn_at, one.result)
            for one in case.tasks
        ], seed
        assert [one.extensions for one in rows.assignments] == [one.extensions for one in kept], seed
        assert row.closed_at == (case.closed_at if case.state is CaseState.CLOSED else None), seed
        assert row.transferred_to == case.transferred_to, seed
        if is_excused(case) and case.state.is_open and case.clocks:
            assert row.handling is not Handling.OVERDUE_OPEN or row.reworks, seed


def test_the_walks_go_everywhere():
    rows = [walk(seed)[1] for seed in range(100)]
    done = {line.action for one in rows for line in one.actions}
    ends = {row.handling for one in rows for row in one.cases}

    assert len(ACTIONS - done) <= 4  # chance moves with every row of the table; what waits for days is seldom seen
    assert {Action.CLOSE, Action.REASSIGN, Action.VERIFY, Action.RESUME} <= done
    assert ends == set(Handling)


def test_the_streamed_facts_of_any_walk_are_the_same():
    for seed in range(60):
        play, lines = walked(seed)
        cut_off = play.now - timedelta(hours=seed % 7)
        plain = frames_of(fold(lines, cut_off=cut_off))
        streamed = fold_frames([plain_line(one) for one in lines if one.recorded_at <= cut_off], cut_off=cut_off)
        for name in ("cases", "assignments", "tasks", "actions"):
            assert getattr(streamed, name).to_native().equals(getattr(plain, name).to_native()), (seed, name)
