"""Our own cases as plain rows, without what people wrote and without who they are: what another system may take in.

Read in pages by identity, so that memory does not grow with their number. The columns are those of the shipped mapping
``gridcase``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseKind, CaseState, Scheme, TypeKey, UnitCode
from gridcase.domain.history import Facts, GivenOutcome
from gridcase.domain.place import E7
from gridcase.domain.time import is_late
from gridcase.grid.codes import community_of
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.store.cases import CaseFilter, CaseRow, cases_after
from gridcase.store.imports import given_facts, references_of

__all__ = ["COLUMNS", "CaseFilter", "exported_cases"]

COLUMNS = (
    "number",
    "state",
    "type",
    "type_name",
    "condition",
    "source",
    "filed_at",
    "registered_at",
    "handle_due_at",
    "closed_at",
    "outcome",
    "unit",
    "unit_name",
    "cell",
    "district",
    "street",
    "community",
    "lon",
    "lat",
    "transferred_to",
    "references",
)
_PAGE = 1000
Exported = Mapping[str, str | float | None]


def exported_cases(rt: Runtime, actor: Actor, wanted: CaseFilter) -> Iterator[Exported]:
    """Yield the cases an actor may see, by identity; a case filed meanwhile may be among them."""
    reference = rt.reference()
    after, now = 0, rt.clock.now()
    while True:
        with rt.database.reading() as tx:
            rows = cases_after(tx, actor, wanted, after, _PAGE, now)
            identities = [row.id for row in rows]
            given, references = given_facts(tx, identities), references_of(tx, identities)
        for row in rows:
            yield _exported(row, given.get(row.id), references.get(row.id, []), reference)
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _exported(row: CaseRow, facts: Facts | None, references: list[tuple[str, str]], reference: Reference) -> Exported:
    rules = reference.rules
    key = TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code)
    known = rules.catalogue.find(key)
    given = facts.given if facts else None
    unit_code = row.unit or (facts.unit if facts else None)
    unit = rules.units.by_code.get(UnitCode(unit_code)) if unit_code else None
    due = row.handle_due_at or (given.handle_due_at if given else None)
    area = row.area
    return {
        "number": row.number,
        "state": row.state,
        "type": str(key),
        "type_name": known.name_zh if known else None,
        "condition": row.condition,
        "source": row.source,
        "filed_at": _instant(row.filed_at, rules.zone),
        "registered_at": _instant(row.registered_at, rules.zone),
        "handle_due_at": _instant(due, rules.zone),
        "closed_at": _instant(row.closed_at, rules.zone),
        "outcome": _outcome(row, facts),
        "unit": unit_code,
        "unit_name": unit.name_zh if unit else None,
        "cell": area,
        "district": area[:6] if area else given.district if given else None,
        "street": area[:9] if area else given.street if given else None,
        "community": community_of(area) if area else given.community if given else None,
        "lon": None if row.lon_e7 is None else row.lon_e7 / E7,
        "lat": None if row.lat_e7 is None else row.lat_e7 / E7,
        "transferred_to": row.transferred_to,
        "references": ";".join(f"{system}:{number}" for system, number in references) or None,
    }


def _outcome(row: CaseRow, facts: Facts | None) -> str | None:
    """Return how a closed case was closed: as its source gives it, or against its own closing deadline."""
    if row.state != CaseState.CLOSED:
        return None
    close = row.clocks.get("close")
    if close is not None and row.closed_at is not None:
        late = is_late(row.closed_at, datetime.fromisoformat(close["due_at"]))
        return str(GivenOutcome.OVERDUE if late else GivenOutcome.ON_TIME)
    return str(facts.given.outcome) if facts and facts.given and facts.given.outcome else None


def _instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()
