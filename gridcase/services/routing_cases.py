"""The routing table asked: about one place, and about the cases of a period, by the table in force or by a draft.

Cases are read in batches, two statements each. A case belongs to the period it was filed in; what was never registered,
or is void, was nobody's to handle and is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import CaseKind, CellCode, Scheme, Source, TypeKey, UnitCode
from gridcase.domain.errors import RuleFileError, invalid
from gridcase.domain.time import Period
from gridcase.rules.documents import Document, DocumentKind, Finding, read_document
from gridcase.services.runtime import Runtime
from gridcase.services.steps.documents import checked, held_documents
from gridcase.services.steps.permitting import OFFICE, only_for
from gridcase.services.steps.placing import ReceivedPlace, place
from gridcase.services.steps.reference import Reference, rulebook
from gridcase.store.batches import Tenure, registered_after, tenures_of
from gridcase.store.cases import CaseRow
from gridcase.workflow.case import Outcome
from gridcase.workflow.routing import Route, RoutingQuestion, RoutingTable, route
from gridcase.workflow.routing_bench import BenchReport, Comparison, PastCase, as_of, compare, report

#: Who looks at how well cases are routed.
REPORT_ROLES = frozenset({Role.DISPATCHER, Role.SHIFT_LEADER, Role.LEADER, Role.ADMIN, Role.ASSESSOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What was found on the cases of a period.

    Parameters
    ----------
    on
        Day that every case was asked as of; None when each was asked as of the day of its first dispatch.
    comparison, findings
        Set where a draft was asked: against the table in force, and what checking the draft says.
    """

    period: str
    report: BenchReport
    on: date | None = None
    comparison: Comparison | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoQuestion:
    """Of which type, from where and from whom is the case that somebody should get."""

    type: TypeKey
    source: Source
    location: ReceivedPlace | None = None


def who_would_get_it(rt: Runtime, actor: Actor, asked: WhoQuestion, reference: Reference) -> Route:
    """Ask the routing table in force; ``unit`` is None when no rule matches.

    Raises
    ------
    NotPermittedError
        The actor does not work for the office.
    InvalidInputError
        The type is unknown, or the place cannot be meant.
    """
    only_for(actor, OFFICE)
    if reference.rules.catalogue.find(asked.type) is None:
        raise invalid("code", "unknown_type", type=str(asked.type))
    cell = place(asked.location, reference, rt.settings).location.cell if asked.location else None
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    return route(reference.rules.routing, RoutingQuestion(type=asked.type, cell=cell, source=asked.source, on=today))


def bench(rt: Runtime, actor: Actor, period: Period, reference: Reference) -> Bench:
    """Ask the table in force about the cases of a period that the actor may see, each as of the day it was dispatched.

    Raises
    ------
    NotPermittedError
        The role does not look at routing.
    """
    only_for(actor, REPORT_ROLES)
    return Bench(period=period.name, report=report(reference.rules.routing, _past_cases(rt, actor, period)))


def bench_draft(rt: Runtime, actor: Actor, period: Period, file: Path, on: date | None = None) -> Bench:
    """Ask a draft about the cases of a period, and compare it with the table in force.

    Parameters
    ----------
    file
        A routing document. It stands for the table of its name; when none in force has its name, for all of them.
    on
        Day that both tables are asked as of; by default the first day, from today on, on which every rule of the draft
        has begun.

    Raises
    ------
    RuleFileError
        The file cannot be read.
    RefusedConfigurationError
        The draft, together with the documents in force, has errors.
    """
    only_for(actor, REPORT_ROLES)
    draft, findings = _draft(rt, file)
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    day = on or max((today, *(rule.valid_from for rule in draft.rules)))
    cases = as_of(_past_cases(rt, actor, period), day)
    return Bench(
        period=period.name,
        report=report(draft, cases),
        on=day,
        comparison=compare(rt.reference().rules.routing, draft, cases),
        findings=findings,
    )


def _draft(rt: Runtime, file: Path) -> tuple[RoutingTable, tuple[Finding, ...]]:
    try:
        drafted = read_document(DocumentKind.ROUTING, file.stem, file.read_bytes())
    except RuleFileError as error:
        named = {f"{file.name}{f': {place}' if place else ''}": found for place, found in error.fields.items()}
        raise RuleFileError(error.code, fields=named) from error
    with rt.database.reading() as tx:
        held = held_documents(tx)
    together = _together(held, drafted)
    findings = tuple(one for one in checked(together) if one.document == drafted.label)
    return rulebook(list(together), rt.settings).routing, findings


def _together(held: tuple[Document, ...], drafted: Document) -> tuple[Document, ...]:
    tables = [one for one in held if one.kind is DocumentKind.ROUTING]
    replaced = [one for one in tables if one.name == drafted.name] or tables
    return (*(one for one in held if one not in replaced), drafted)


def _past_cases(rt: Runtime, actor: Actor, period: Period) -> Iterator[PastCase]:
    after = 0
    while True:
        with rt.database.reading() as tx:
            rows = registered_after(tx, actor, (period.start, period.end), after)
            tenures = tenures_of(tx, [row.id for row in rows])
        if not rows:
            return
        yield from (_past_case(rt, row, tenures.get(row.id, [])) for row in rows)
        after = rows[-1].id


def _past_case(rt: Runtime, row: CaseRow, tenures: list[Tenure]) -> PastCase:
    first, last = (tenures[0], tenures[-1]) if tenures else (None, None)
    asked_at = first.dispatched_at if first else row.registered_at or row.filed_at
    cell = (row.location or {}).get("cell")
    return PastCase(
        number=row.number,
        question=RoutingQuestion(
            type=TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code),
            cell=CellCode(cell) if cell else None,
            source=Source(row.source),
            on=asked_at.astimezone(rt.settings.zone).date(),
        ),
        first_unit=UnitCode(first.unit) if first else None,
        last_unit=UnitCode(last.unit) if last else None,
        by_rule=bool(first and first.route),
        was_wrong=bool(first and first.leaves_due and first.outcome == Outcome.REASSIGNED),
    )
