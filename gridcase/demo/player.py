"""Plays a month of the sample city, then what is open now, through the same use cases as everybody's work.

Moves of all cases are carried out in the order of their instants, each under a key of its own and in its own
transaction, and between them the watch sees to what time itself does. A repeated run changes nothing and an interrupted
one goes on: of moves made before, what is known afterwards is read from history.
"""

import heapq
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from gridcase.demo.city import City, Say
from gridcase.demo.photos import photo
from gridcase.demo.plots import MONTH_SIZE, Plot, plan_month, plan_open
from gridcase.demo.story import Move, Standing, Story
from gridcase.demo.turns import tell
from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action, AttachmentId, AttachmentUsage
from gridcase.domain.errors import NotFoundError
from gridcase.domain.history import CaseEvent, LimitedStage, StageDue
from gridcase.domain.time import Period, SetClock
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.attaching import Upload, upload
from gridcase.services.filing import FilingRequest, file_case
from gridcase.services.reading import StoredCase, case_history, one_case
from gridcase.services.recurring import find_recurrences
from gridcase.services.runtime import Runtime
from gridcase.services.watching_cases import next_look, tick
from gridcase.workflow.requests import Attach, Check, Payload, Report, Submit, Transfer, Verify
from gridcase.workflow.timetable import Act

#: Chosen so that every unit of the sample city has work in the month.
SEED = 31
PERIOD = "2026-10"
RULE_SET = "yuncheng"
#: Keys of the demo's requests are made from this and the move's place in its plot.
_KEYS = uuid.UUID("5a0f2c1e-9f0b-4c1d-8a53-2d6f0d9f7b10")
_ANY: frozenset[int] = frozenset()
_HUNDRED = 100
_STATE_FILE = "demo.json"
#: The watch comes by at the multiples of this, where anything is due.
_WATCH_EVERY_S = 300
#: By rule, in the transaction of the move before.
_AT_ONCE = (Action.REGISTER, Action.DISPATCH)
#: Actions that give a case to a unit.
_GIVING = (Action.DISPATCH, Action.REASSIGN, Action.ARBITRATE)
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


def play(rt: Runtime, city: City, rng: Random, say: Say, cases: int = MONTH_SIZE) -> Played:
    """Play the month and what is open now, then score and export the month; once, however often it is called.

    Parameters
    ----------
    rng
        Decides everything that is left to chance.
    cases
        How many of the month; an interrupted play goes on with as many as it began with.
    """
    path = rt.settings.data_dir / _STATE_FILE
    state = _State.load(path) or _State(began_at=rt.clock.now(), cases=cases)
    export = export_path(rt)
    if state.last_case and export.exists() and _stands(rt, city, state.last_case):
        return Played(export=export, is_new=False)
    state.save(path)
    period = Period.parse(PERIOD, zone=rt.settings.zone)
    month = plan_month(rng, period, city.reference, state.cases)
    open_now = plan_open(rng, state.began_at, city.reference)
    clock = SetClock(period.start)
    stage = Stage(rt=replace(rt, clock=clock), clock=clock, city=city)
    say(f"playing {len(month)} cases of {PERIOD} and {len(open_now)} that are open now")
    with rt.database.hasty():
        # What is played lies in the past, where there is one: a month to come is played to its end.
        scored_at = _scored_at(city, period)
        carry_out(stage, month, say, until=state.began_at if scored_at < state.began_at else None)
        # What was found by the cut-off counts in the month; what is open now is looked at afterwards.
        stage.clock.instant = scored_at - _AFTER_CUT_OFF
        find_recurrences(stage.rt)
        carry_out(stage, open_now, say, until=state.began_at)
        stage.clock.instant = scored_at
        find_recurrences(stage.rt)
        _close(stage, export, say)
    replace(state, last_case=stage.filed[-1]).save(path)
    return Played(export=export, is_new=True)


#: The public key's file beside the package.
PUBLIC_KEY = "public-key.pem"


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
    by_seed
        What is known of each case, by the seed of its plot.
    """

    rt: Runtime
    clock: SetClock
    city: City
    filed: list[str] = field(default_factory=list)
    by_seed: "dict[int, _Known]" = field(default_factory=dict)


def carry_out(stage: Stage, plots: Sequence[Plot], say: Say, until: datetime | None = None) -> None:
    """Carry out the moves of all plots in the order of their instants.

    Parameters
    ----------
    until
        Moves after it are left out, and so is the rest of their story; the watch goes on up to it.
    """
    stories = [tell(plot, stage.city.cast, stage.city.reference) for plot in plots]
    agenda = [_Entry(at=move.at, plot=index, count=1, move=move) for index, move in enumerate(map(next, stories))]
    heapq.heapify(agenda)
    watch = _Watch(stage)
    while agenda:
        entry = heapq.heappop(agenda)
        if until is not None and entry.at > until:
            continue
        watch.go_on(entry.at)
        standing = _make(stage, plots[entry.plot], entry, watch)
        if entry.count == 1 and len(stage.filed) % _HUNDRED == 0:
            say(f"  {len(stage.filed)} cases filed, {entry.at.astimezone(stage.rt.settings.zone):%d %B %H:%M}")
        following = _next(stories[entry.plot], standing)
        if following is not None:
            count = entry.count + 1
            heapq.heappush(agenda, _Entry(at=following.at, plot=entry.plot, count=count, move=following))
    if until is not None:
        watch.go_on(until)


class _Watch:
    """Looks at the cases whose time has come, at instants that do not depend on where an earlier run stopped."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._next = next_look(stage.rt)

    def note(self, case: StoredCase) -> None:
        """Take notice of when a case just written is to be looked at."""
        if case.wake_at is not None and (self._next is None or case.wake_at < self._next):
            self._next = case.wake_at

    def go_on(self, until: datetime) -> None:
        """Look at everything due up to an instant."""
        while self._next is not None and (at := _slot(self._next)) <= until:
            self._stage.clock.instant = at
            tick(self._stage.rt, reference=self._stage.city.reference)
            self._next = next_look(self._stage.rt)


def _slot(moment: datetime) -> datetime:
    """Return the first instant from this one on at which the watch comes by."""
    return datetime.fromtimestamp(-(-moment.timestamp() // _WATCH_EVERY_S) * _WATCH_EVERY_S, UTC)


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
    cases: int
    last_case: str | None = None

    @classmethod
    def load(cls, path: Path) -> "_State | None":
        if not path.exists():
            return None
        held = json.loads(path.read_text("utf-8"))
        return cls(began_at=datetime.fromisoformat(held["began_at"]), cases=held["cases"], last_case=held["last_case"])

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        held = {"began_at": self.began_at.isoformat(), "cases": self.cases, "last_case": self.last_case}
        text = json.dumps(held)
        part.write_text(text + "\n", "utf-8")
        part.replace(path)


def _next(story: Story, standing: Standing) -> Move | None:
    try:
        return story.send(standing)
    except StopIteration:
        return None


def _make(stage: Stage, plot: Plot, entry: _Entry, watch: _Watch) -> Standing:
    """Carry out a move, unless an earlier run did; returns what is known after it."""
    if entry.count > 1 and entry.count <= stage.by_seed[plot.seed].made:
        return _remembered(stage, plot, entry.count)
    stage.clock.instant = entry.at
    done = _file(stage, plot, entry) if entry.count == 1 else _act(stage, plot, entry)
    if done is None:
        return _remembered(stage, plot, 1)
    watch.note(done)
    return _standing(stage, plot, done, entry.at)


def _file(stage: Stage, plot: Plot, entry: _Entry) -> StoredCase | None:
    """Carry out the first move; None when an earlier run did."""
    actor, name, asks = _staged(stage, plot, entry)
    assert isinstance(asks, FilingRequest)  # noqa: S101 - a story begins with its filing
    answer = file_case(stage.rt, actor, lambda: asks, client_ref=_key(name), reference=stage.city.reference)
    number = answer.case.case.number
    lines = case_history(stage.rt, _reader(stage.city), number) if answer.is_replay else ()
    made = sum(line.event.role is not Role.SYSTEM for line in lines)
    stage.filed.append(number)
    stage.by_seed[plot.seed] = _Known(number=number, made=made)
    return None if answer.is_replay else answer.case


def _act(stage: Stage, plot: Plot, entry: _Entry) -> StoredCase:
    """Carry out a later move."""
    actor, name, asks = _staged(stage, plot, entry)
    assert not isinstance(asks, FilingRequest)  # noqa: S101 - a story files once
    number = stage.by_seed[plot.seed].number
    request = ActionRequest(
        number=number, action=entry.move.action, read=lambda: asks, expected=_ANY, client_ref=_key(name)
    )
    return perform(stage.rt, actor, request, reference=stage.city.reference).case


def _staged(stage: Stage, plot: Plot, entry: _Entry) -> tuple[Actor, str, FilingRequest | Payload]:
    """Upload the photos; returns who acts, under which name, asking what."""
    move, actor = entry.move, stage.city.cast.actors[entry.move.by]
    name, asks = f"{plot.name}/{entry.count}", move.asks
    if move.photos and isinstance(asks, FilingRequest | Verify | Submit | Report | Check | Transfer | Attach):
        # Only a filing is ever asked for again, with the same photos; the look-up by key would cost the others time.
        keys = [_key(f"{name}/{usage}") if entry.count == 1 else None for usage in move.photos]
        ids = tuple(_photo(stage, actor, plot, one) for one in zip(move.photos, keys, strict=True))
        asks = replace(asks, attachments=ids)
    return actor, name, asks


def _photo(stage: Stage, actor: Actor, plot: Plot, of: tuple[AttachmentUsage, str | None]) -> AttachmentId:
    usage, key = of
    new = Upload(data=photo(usage, plot.seed), usage=usage, client_ref=key)
    return AttachmentId(upload(stage.rt, actor, new).row.id)


def _standing(stage: Stage, plot: Plot, stored: StoredCase, at: datetime) -> Standing:
    case = stored.case
    return Standing(
        number=case.number,
        at=at,
        state=case.state,
        lead=_lead(stage, plot),
        unit=case.assignment.unit if case.assignment else None,
        inspector=case.task.inspector if case.task else None,
        dues={stage_: clock.due for stage_, clock in case.clocks.items()},
    )


def _remembered(stage: Stage, plot: Plot, moves: int) -> Standing:
    """Fold the history up to a move, with what followed it at once by rule; later lines are those of an earlier run."""
    number = stage.by_seed[plot.seed].number
    standing: Standing | None = None
    made = 0
    for line in case_history(stage.rt, _reader(stage.city), number):
        event = line.event
        made += event.role is not Role.SYSTEM
        is_later = made == moves and event.role is Role.SYSTEM and event.action not in _AT_ONCE
        if made > moves or is_later:
            break
        standing = _after(event, standing, _lead(stage, plot))
    assert standing is not None  # noqa: S101 - a case has at least the line of its filing
    return standing


def _after(event: CaseEvent, before: Standing | None, lead: str | None) -> Standing:
    facts = event.facts
    dues: dict[LimitedStage, StageDue] = dict(before.dues) if before else {}
    return Standing(
        number=event.case,
        at=event.recorded_at,
        state=event.to_state,
        lead=lead,
        unit=facts.unit if event.action in _GIVING else before.unit if before else None,
        inspector=facts.inspector or (before.inspector if before else None),
        dues=dues | {due.stage: due for due in facts.dues},
    )


def _lead(stage: Stage, plot: Plot) -> str | None:
    return stage.by_seed[plot.echo].number if plot.echo is not None else None


def _scored_at(city: City, period: Period) -> datetime:
    # Loads the column engine, which a run that finds everything there should not wait for.
    from gridcase.services.steps.month_facts import dates_of  # noqa: PLC0415

    return dates_of(city.reference, period).cut_off + _AFTER_CUT_OFF


def _close(stage: Stage, export: Path, say: Say) -> None:
    """Run the month, let publicity pass, approve, seal, and hand the package over."""
    from gridcase.assessment.proof import manifest_of  # noqa: PLC0415
    from gridcase.services.closing_month import approve, seal  # noqa: PLC0415
    from gridcase.services.running_month import run_month, write_export  # noqa: PLC0415
    from gridcase.services.steps.keys import signing_key  # noqa: PLC0415
    from gridcase.services.steps.month_facts import dates_of  # noqa: PLC0415

    actors = stage.city.cast.actors
    run = run_month(stage.rt, actors["assessor"], PERIOD, RULE_SET)
    dates = dates_of(stage.city.reference, Period.parse(PERIOD, zone=stage.rt.settings.zone))
    stage.clock.instant = max(stage.clock.instant, dates.decided_at + _AFTER_CUT_OFF)
    if Act.APPROVE not in {one.act for one in run.acts}:
        approve(stage.rt, actors["leader"], run.id)
    if not run.is_sealed:
        seal(stage.rt, actors["assessor"], run.id)
    # Beside the export for the demonstration only: a real receiver has the key from the office, not with the file.
    # The key first: a second run looks for the package alone.
    export.parent.mkdir(parents=True, exist_ok=True)
    export.with_name(PUBLIC_KEY).write_bytes(signing_key(stage.rt.settings.data_dir).public.pem)
    write_export(stage.rt, run.id, export)
    if (manifest_of(export) or {}).get("without"):
        say("no Chinese font (Debian package fonts-noto-cjk): the package is without its printed report")
    say(f"closed {PERIOD} by {RULE_SET}; package in {export}")


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
