"""Plays a month of the sample city, then what is open now, through the same use cases as everybody's work.

Moves of all cases are carried out in the order of their instants, each under a key of its own: a repeated run changes
nothing and an interrupted one goes on. What one step answered is read from history, so that both see the same.
"""

import heapq
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from gridcase.demo.city import City, Say
from gridcase.demo.photos import photo
from gridcase.demo.plots import Plot, plan_month, plan_open
from gridcase.demo.story import Move, Standing, Story, tell
from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import AttachmentId, AttachmentUsage
from gridcase.domain.errors import NotFoundError
from gridcase.domain.history import LimitedStage, StageDue
from gridcase.domain.time import Period, SetClock
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.attaching import Upload, upload
from gridcase.services.filing import FilingRequest, file_case
from gridcase.services.reading import case_history, one_case
from gridcase.services.runtime import Runtime
from gridcase.workflow.requests import Check, Payload, Report
from gridcase.workflow.worktime import deadline

#: Chosen so that every unit of the sample city has work in the month.
SEED = 31
PERIOD = "2026-10"
RULE_SET = "yuncheng"
#: Keys of the demo's requests are made from this and the move's place in its plot.
_KEYS = uuid.UUID("5a0f2c1e-9f0b-4c1d-8a53-2d6f0d9f7b10")
_ANY: frozenset[int] = frozenset()
_TEN = 10
_STATE_FILE = "demo.json"
#: The assessor runs the month the morning after the cut-off.
_AFTER_CUT_OFF = timedelta(hours=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played.

    Parameters
    ----------
    export
        The month's package.
    is_new
        False when all of it stood already.
    """

    export: Path
    is_new: bool


def play(rt: Runtime, city: City, rng: Random, say: Say) -> Played:
    """Play the month and what is open now, then score and export the month; once, however often it is called.

    Parameters
    ----------
    rng
        Decides everything that is left to chance.
    """
    path = rt.settings.data_dir / _STATE_FILE
    state = _State.load(path) or _State(began_at=rt.clock.now())
    export = export_path(rt)
    if state.last_case and export.exists() and _stands(rt, city, state.last_case):
        return Played(export=export, is_new=False)
    state.save(path)
    period = Period.parse(PERIOD, zone=rt.settings.zone)
    month = plan_month(rng, period, city.reference)
    open_now = plan_open(rng, state.began_at, city.reference)
    clock = SetClock(period.start)
    stage = Stage(rt=replace(rt, clock=clock), clock=clock, city=city)
    say(f"playing {len(month)} cases of {PERIOD} and {len(open_now)} that are open now")
    carry_out(stage, month, say)
    carry_out(stage, open_now, say, until=state.began_at)
    _score(stage, period, export, say)
    replace(state, last_case=stage.filed[-1]).save(path)
    return Played(export=export, is_new=True)


def export_path(rt: Runtime) -> Path:
    """Return where the month's package is written."""
    return rt.settings.data_dir / "export" / PERIOD / f"{rt.settings.instance_prefix}-{PERIOD}-{RULE_SET}.zip"


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where a play takes place.

    Parameters
    ----------
    rt
        A runtime of its own, whose clock is ``clock``.
    filed
        Numbers of the cases, in the order they were filed.
    """

    rt: Runtime
    clock: SetClock
    city: City
    filed: list[str] = field(default_factory=list)


def carry_out(stage: Stage, plots: Sequence[Plot], say: Say, until: datetime | None = None) -> None:
    """Carry out the moves of all plots in the order of their instants.

    Parameters
    ----------
    until
        Moves after it are left out, and so is the rest of their story.
    """
    stories = [tell(plot, stage.city.cast, stage.city.reference) for plot in plots]
    agenda = [_Entry(at=move.at, plot=index, count=1, move=move) for index, move in enumerate(map(next, stories))]
    known: dict[int, _Known] = {}
    heapq.heapify(agenda)
    while agenda:
        entry = heapq.heappop(agenda)
        if until is not None and entry.at > until:
            continue
        if entry.count == 1:
            known[entry.plot] = _file(stage, plots[entry.plot], entry)
            stage.filed.append(known[entry.plot].number)
            if len(known) % _TEN == 0:
                say(f"  {len(known)} cases filed, {entry.at.astimezone(stage.rt.settings.zone):%d %B %H:%M}")
        elif entry.count > known[entry.plot].made:
            _act(stage, plots[entry.plot], entry, known[entry.plot].number)
        following = _next(stories[entry.plot], _standing(stage, known[entry.plot].number, entry.count))
        if following is not None:
            count = entry.count + 1
            heapq.heappush(agenda, _Entry(at=following.at, plot=entry.plot, count=count, move=following))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Entry:
    at: datetime
    plot: int
    count: int
    move: Move = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A case of this play; an earlier run made so many of its moves, not all of which could be asked for again."""

    number: str
    made: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What a later run has to know: the "now" of the open cases, and whether everything was played."""

    began_at: datetime
    last_case: str | None = None

    @classmethod
    def load(cls, path: Path) -> "_State | None":
        if not path.exists():
            return None
        held = json.loads(path.read_text("utf-8"))
        return cls(began_at=datetime.fromisoformat(held["began_at"]), last_case=held["last_case"])

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        text = json.dumps({"began_at": self.began_at.isoformat(), "last_case": self.last_case})
        part.write_text(text + "\n", "utf-8")
        part.replace(path)


def _next(story: Story, standing: Standing) -> Move | None:
    try:
        return story.send(standing)
    except StopIteration:
        return None


def _file(stage: Stage, plot: Plot, entry: _Entry) -> _Known:
    """Carry out the first move."""
    actor, name, asks = _staged(stage, plot, entry)
    assert isinstance(asks, FilingRequest)  # noqa: S101 - a story begins with its filing
    answer = file_case(stage.rt, actor, lambda: asks, client_ref=_key(name), reference=stage.city.reference)
    number = answer.case.case.number
    lines = case_history(stage.rt, _reader(stage.city), number) if answer.is_replay else ()
    return _Known(number=number, made=sum(line.event.role is not Role.SYSTEM for line in lines))


def _act(stage: Stage, plot: Plot, entry: _Entry, number: str) -> None:
    """Carry out a later move."""
    actor, name, asks = _staged(stage, plot, entry)
    assert not isinstance(asks, FilingRequest)  # noqa: S101 - a story files once
    request = ActionRequest(
        number=number, action=entry.move.action, read=lambda: asks, expected=_ANY, client_ref=_key(name)
    )
    perform(stage.rt, actor, request, reference=stage.city.reference)


def _staged(stage: Stage, plot: Plot, entry: _Entry) -> tuple[Actor, str, FilingRequest | Payload]:
    """Set the clock and upload the photo; returns who acts, under which name, asking what."""
    stage.clock.instant = entry.at
    move, actor = entry.move, stage.city.cast.actors[entry.move.by]
    name, asks = f"{plot.name}/{entry.count}", move.asks
    if move.photo is not None and isinstance(asks, FilingRequest | Report | Check):
        asks = replace(asks, attachments=(_photo(stage, actor, move.photo, plot, name),))
    return actor, name, asks


def _photo(stage: Stage, actor: Actor, usage: AttachmentUsage, plot: Plot, name: str) -> AttachmentId:
    new = Upload(data=photo(usage, plot.seed), usage=usage, client_ref=_key(f"{name}/photo"))
    return AttachmentId(upload(stage.rt, actor, new).row.id)


def _standing(stage: Stage, number: str, moves: int) -> Standing:
    """Fold the history up to a move, with what followed it by rule; later lines are those of an earlier run."""
    lines = case_history(stage.rt, _reader(stage.city), number)
    dues = dict[LimitedStage, StageDue]()
    standing: Standing | None = None
    made = 0
    for line in lines:
        event = line.event
        made += event.role is not Role.SYSTEM
        if made > moves:
            break
        dues |= {due.stage: due for due in event.facts.dues}
        standing = Standing(
            number=number,
            at=event.recorded_at,
            state=event.to_state,
            unit=event.facts.unit or (standing and standing.unit) or None,
            inspector=event.facts.inspector or (standing and standing.inspector) or None,
            dues=dict(dues),
        )
    assert standing is not None  # noqa: S101 - a case has at least the line of its filing
    return standing


def _score(stage: Stage, period: Period, export: Path, say: Say) -> None:
    # Loads the column engine, which a run that finds everything there should not wait for.
    from gridcase.services.assessing import CUT_OFF, export_run, run_month  # noqa: PLC0415

    rules = stage.city.reference.rules
    cut_off = deadline(period.end, CUT_OFF, rules.calendars[rules.conduct.calendar]).due_at
    stage.clock.instant = cut_off + _AFTER_CUT_OFF
    run = run_month(stage.rt, stage.city.cast.actors["assessor"], PERIOD, RULE_SET)
    export_run(stage.rt, run.id, export)
    say(f"scored {PERIOD} by {RULE_SET}; package in {export}")


def _stands(rt: Runtime, city: City, number: str) -> bool:
    try:
        one_case(rt, _reader(city), number)
    except NotFoundError:
        return False
    return True


def _reader(city: City) -> Actor:
    return city.cast.actors["shift_leader"]


def _key(name: str) -> str:
    return str(uuid.uuid5(_KEYS, name))
