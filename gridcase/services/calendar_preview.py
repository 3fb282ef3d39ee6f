"""Which deadlines would move if other calendars or rules of conduct were in force? Nothing is written.

Every open case with running clocks is looked at, in batches. Applying the documents moves the provisional deadlines
alone (``gridcase.services.reclocking``): the others were promised for certain and stay.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import CaseNumber, UnitCode
from gridcase.domain.history import LimitedStage
from gridcase.rules.documents import Document, Finding, read_folder
from gridcase.services.runtime import Runtime
from gridcase.services.steps.calendars import former_calendars
from gridcase.services.steps.documents import TIMING, checked, held_documents
from gridcase.services.steps.reference import rulebook
from gridcase.store.batches import open_cases_after
from gridcase.store.cases import CaseRow, to_case
from gridcase.workflow.reclocking import is_running, moved_clocks
from gridcase.workflow.rulebook import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A deadline that would move.

    Parameters
    ----------
    calendar_before, calendar_after
        ``name@version``.
    is_provisional
        It is a guess now, and applying the documents moves it; a certain one stays as it is.
    """

    number: CaseNumber
    stage: LimitedStage
    before: datetime
    after: datetime
    calendar_before: str
    calendar_after: str
    is_provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPreview:
    """What would move.

    Parameters
    ----------
    cases, clocks
        Open cases with a running clock, and their running clocks.
    moves
        By case, in the order the cases were filed.
    documents
        Labels of the documents of the folder that were tried.
    """

    cases: int
    clocks: int
    moves: tuple[Move, ...]
    documents: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def later(self) -> int:
        """How many would be due later."""
        return sum(move.after > move.before for move in self.moves)

    @property
    def earlier(self) -> int:
        """How many would be due earlier."""
        return sum(move.after < move.before for move in self.moves)

    @property
    def on_apply(self) -> int:
        """How many are provisional, and move when the documents are applied."""
        return sum(move.is_provisional for move in self.moves)


def preview(rt: Runtime, folder: Path, *, tell: Callable[[int], None] | None = None) -> CalendarPreview:
    """Try the calendars and the conduct of a folder on every open case.

    Parameters
    ----------
    tell
        Told how many cases were looked at, after every batch.

    Raises
    ------
    RuleFileError
        A file cannot be read.
    RefusedConfigurationError
        The documents, together with those in force, have errors.
    """
    return preview_documents(rt, read_folder(folder), tell=tell)


def preview_documents(
    rt: Runtime, documents: Iterable[Document], *, tell: Callable[[int], None] | None = None
) -> CalendarPreview:
    """Try the calendars and the conduct among documents on every open case.

    Raises
    ------
    RefusedConfigurationError
        The documents, together with those in force, have errors.
    """
    tried = [one for one in documents if one.kind in TIMING]
    with rt.database.reading() as tx:
        together = {one.label: one for one in (*held_documents(tx), *tried)}
        former = former_calendars(tx)
    findings = checked(tuple(together.values()))
    rules = rulebook(list(together.values()), rt.settings)
    cases = clocks = 0
    moves: list[Move] = []
    for row in _open_cases(rt, tell):
        situation = Situation(case=to_case(row), actor=SYSTEM, now=rt.clock.now(), rules=rules, former=former)
        running = sum(map(is_running, situation.case.clocks.values()))
        cases, clocks = cases + bool(running), clocks + running
        moves += _moves(situation, row.unit)
    return CalendarPreview(
        cases=cases,
        clocks=clocks,
        moves=tuple(moves),
        documents=tuple(one.label for one in tried),
        findings=findings,
    )


def _open_cases(rt: Runtime, tell: Callable[[int], None] | None) -> Iterator[CaseRow]:
    after = seen = 0
    while True:
        with rt.database.reading() as tx:
            batch = open_cases_after(tx, after)
        if not batch:
            return
        yield from batch
        after, seen = batch[-1].id, seen + len(batch)
        if tell is not None:
            tell(seen)


def _moves(situation: Situation, unit: str | None) -> Iterator[Move]:
    clocks = situation.case.clocks
    for stage, clock in moved_clocks(situation, is_running, unit=UnitCode(unit) if unit else None).items():
        before, after = clocks[stage].due, clock.due
        if before.due_at != after.due_at:
            yield Move(
                number=situation.case.number,
                stage=stage,
                before=before.due_at,
                after=after.due_at,
                calendar_before=before.calendar,
                calendar_after=after.calendar,
                is_provisional=before.provisional,
            )
