"""Fold history straight into frames: line after line as the database gives them, a case at a time, in flat memory.

The rules are those of ``gridcase.assessment.facts``, whose fold runs here on lighter lines; ``fold`` there is the
readable form, and a property test keeps the two equal. What is lighter: instants are whole seconds as integers, as in
the frames, and of a line's JSON only what assessment asks for is read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from gridcase.assessment.facts import fold_case
from gridcase.assessment.frames import AreaClassOf, FrameBuilder, Frames, no_area_class
from gridcase.domain.case import Action, CaseNumber, CaseState, CheckResult, FindingKind, Ruling, TaskKind, VerifyResult
from gridcase.domain.history import CaseEvent, Facts, Finding, Given, GivenOutcome, LimitedStage, PlainLine
from gridcase.domain.time import epoch_second

#: Cases held as Python objects before they become columns. Measured: 10,000 take half as long again, because the
#: garbage collector walks them all, and fewer gain nothing.
_BATCH = 1_000


def fold_frames(lines: Iterable[PlainLine], *, cut_off: datetime, area_class: AreaClassOf = no_area_class) -> Frames:
    """Fold lines into frames as of the cut-off: equal to ``frames_of(fold(events, cut_off=cut_off))``.

    Parameters
    ----------
    lines
        Those recorded at or before the cut-off, and every line of an import; by case, and by ``seq`` within the case.
        The order of cases does not matter.
    area_class
        As in ``gridcase.assessment.frames.frames_of``.

    Raises
    ------
    ValueError
        When the lines of a case are not in order.
    """
    builder = FrameBuilder(area_class=area_class)
    last_second = cast("datetime", epoch_second(cut_off))
    for number, of_case in groupby(lines, _case_of):
        one = fold_case(cast("list[CaseEvent]", _in_order(number, of_case)), last_second)
        if one is None:
            continue
        builder.add("cases", (one.case,))
        builder.add("assignments", one.assignments)
        builder.add("tasks", one.tasks)
        builder.add("actions", one.actions)
        if builder.size >= _BATCH:
            builder.flush()
    return builder.frames()


def _in_order(number: CaseNumber, lines: Iterable[PlainLine]) -> "list[_Line]":
    held = [_Line(line) for line in lines]
    for before, after in pairwise(held):
        if after.seq <= before.seq:
            msg = f"lines of {number} are not in order: {after.seq} after {before.seq}"
            raise ValueError(msg)
    return held


_case_of = itemgetter(0)


class _Told:
    """What an action made true: as ``Facts``, with what is missing left to the class and instants as integers."""

    given: Given | None

    def __init__(self, raw: dict[str, Any]) -> None:
        self.__dict__ = raw


for _field in fields(Facts):
    setattr(_Told, _field.name, _field.default)


class _Due(NamedTuple):
    stage: LimitedStage
    due_at: int
    provisional: bool


class _Helper(NamedTuple):
    assignment: int
    unit: str
    due: _Due


class _Line:
    """A ``CaseEvent`` as far as the fold asks it."""

    __slots__ = ("action", "actor", "case", "facts", "observed_at", "recorded_at", "role", "seq", "to_state")

    def __init__(self, line: PlainLine) -> None:
        self.case, self.seq, action, to_state, self.actor, self.role, self.recorded_at, self.observed_at, facts, _ = (
            line
        )
        self.action = _ACTIONS[action]
        self.to_state = _STATES[to_state]
        self.facts = _told(facts)


def _told(text: str) -> _Told:
    raw: dict[str, Any] = orjson.loads(text)
    for name in _READ & raw.keys():
        raw[name] = _READERS[name](raw[name])
    return _Told(raw)


def _instant(text: str) -> int:
    return epoch_second(datetime.fromisoformat(text))


def _due(raw: dict[str, Any]) -> _Due:
    return _Due(_STAGES[raw["stage"]], _instant(raw["due_at"]), raw.get("provisional", False))


def _given(raw: dict[str, Any]) -> Given:
    told: dict[str, Any] = {name: _instant(value) if name.endswith("_at") else value for name, value in raw.items()}
    if "outcome" in told:
        told["outcome"] = GivenOutcome(told["outcome"])
    return Given(**told)


def _finding(raw: dict[str, Any]) -> Finding:
    return Finding(**(raw | {"kind": FindingKind(raw["kind"])}))


_ACTIONS: Mapping[str, Action] = {str(action): action for action in Action}
_STATES: Mapping[str, CaseState] = {str(state): state for state in CaseState}
_STAGES: Mapping[str, LimitedStage] = {str(stage): stage for stage in LimitedStage}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "dues": lambda dues: [_due(one) for one in dues],
    "assisting": lambda helpers: [_Helper(one["assignment"], one["unit"], _due(one["due"])) for one in helpers],
    "check_result": CheckResult,
    "task_kind": TaskKind,
    "verify_result": VerifyResult,
    "ruling": Ruling,
    "asked_at": _instant,
    "given": _given,
    "finding": _finding,
}
_READ = frozenset(_READERS)
