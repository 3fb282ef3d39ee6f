"""What is handed over for a month: its tables, and what they rest on.

Words and tables; how they become bytes is ``gridcase.assessment.archive``, how those are checked
``gridcase.assessment.proof``. Content: domain §6, "The monthly export".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.assessment.columnsheets import AnySheet, ColumnSheet
from gridcase.assessment.counts import SubjectCounts, count_names
from gridcase.assessment.frames import Frames
from gridcase.assessment.inputs import NO_INPUTS, ScoringInputs
from gridcase.assessment.listings import listings
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import ScoreLine, SubjectScore
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.assessment.sheets import Cell, Sheet, columns, records
from gridcase.domain.time import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A version of something the figures rest on.

    Parameters
    ----------
    kind, name, version
        For instance ``calendar``, ``default``, ``3``.
    digest
        SHA-256 in hexadecimal.
    """

    kind: str
    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """The counts of one view.

    Parameters
    ----------
    by, attribution
        As counted. Of posts, the package names the role alone and adds its persons up.
    """

    by: CountBy
    attribution: Attribution
    rows: tuple[SubjectCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """The scores under one rule set.

    Parameters
    ----------
    document
        Body of the rule set as canonical JSON; ``digest`` is that of this text.
    """

    rule_set: RuleSet
    document: str
    digest: str
    scores: tuple[SubjectScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEntry:
    """Who put their name to the month: by role, never by name.

    Parameters
    ----------
    act
        For instance ``draft``, ``approve``, ``seal``.
    """

    act: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the month stands.

    Parameters
    ----------
    is_draft
        Made before the cut-off.
    revision
        1 for the first issue; ``supersedes`` is the SHA-256 of the package that a later one takes the place of.
    """

    is_draft: bool = False
    revision: int = 1
    supersedes: str | None = None
    reason: str = ""
    acts: tuple[ActEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealEntry:
    """An appeal and what became of it."""

    number: str
    rule_set: str
    subject: str
    clause: str
    indicator: str
    case: str | None
    reason: str
    filed_at: datetime
    state: str
    decided_at: datetime | None
    decision: str
    points: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingEntry:
    """A finding of the superior centre, and how it compares with ours."""

    their_number: str
    case: str | None
    kind: str
    indicator: str
    points: Decimal | None
    match: str
    differs_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPackage:
    """Everything that is handed over for one period.

    Parameters
    ----------
    area, area_name
        Code of the office's area, for instance a street's 9 characters, and its name.
    period, cut_off
        What was counted, and as of when. Instants are written in the period's zone.
    references
        Calendar, grid, catalogue and other versions, each with its digest.
    counts
        At most one table per view.
    scores
        At most one table per rule set. Posts are numbered by their place, never named.
    cases
        Made by ``gridcase.assessment.casesheet.case_sheet``; without rows in a nil month.
    frames
        The facts; what names a person is left out of the package.
    history_head
        SHA-256 over the hashes of every line folded, in order.
    anchor
        None when no root covers the lines yet.
    names
        Names of subjects by view (``unit``, ``area``, ``street``, ``type``) and code.
    inputs, appeals, findings
        What people added to the counts.
    """

    area: str
    area_name: str = ""
    period: Period
    cut_off: datetime
    references: tuple[Reference, ...]
    counts: tuple[CountTable, ...]
    scores: tuple[ScoreTable, ...]
    cases: ColumnSheet
    frames: Frames
    history_head: str
    anchor: HistoryAnchor | None = None
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    standing: Standing = Standing()
    inputs: ScoringInputs = NO_INPUTS
    appeals: tuple[AppealEntry, ...] = ()
    findings: tuple[FindingEntry, ...] = ()


def sheets_of(package: MonthPackage) -> Iterator[AnySheet]:
    """Return every table of a package, those that have no rows included.

    Raises
    ------
    ValueError
        When two tables would have the same name.
    """
    seen: set[str] = set()
    for sheet in _sheets(package):
        if sheet.name in seen:
            raise ValueError(f"two tables named {sheet.name}")
        seen.add(sheet.name)
        yield sheet


def ranked(table: ScoreTable) -> list[SubjectScore]:
    """Return the scores, best first, those without a rank last; posts numbered instead of named."""
    ordered = sorted(table.scores, key=lambda one: (one.group, one.rank is None, one.rank or 0, one.subject))
    if table.rule_set.subject is not CountBy.POST:
        return ordered
    # A person's number in the database would say who it is to everybody inside.
    return [replace(one, subject=f"{one.subject.partition('/')[0]}-{place:02}") for place, one in enumerate(ordered, 1)]


def _sheets(package: MonthPackage) -> Iterator[AnySheet]:
    yield _cover(package)
    yield _summary(package)
    yield package.cases
    yield from listings(package.cases, package.frames, period=package.period)
    for counted in sorted(package.counts, key=lambda table: table.by):
        yield _count_sheet(counted)
    for scored in sorted(package.scores, key=lambda table: table.rule_set.name):
        yield _ranking(package, scored)
        yield _indicators(scored)
        yield _lines(scored)
        yield _line_cases(scored)
    inputs = package.inputs
    yield records("external-scores", _EXTERNAL, sorted(inputs.external, key=repr))
    yield records("exemptions", _EXEMPTIONS, sorted(inputs.exemptions, key=repr))
    yield records("adjustments", _ADJUSTMENTS, sorted(inputs.adjustments, key=repr))
    yield records("deductions", _DEDUCTIONS, sorted(inputs.deductions, key=repr))
    yield records("appeals", _APPEALS, sorted(package.appeals, key=repr))
    yield records("findings", _FINDINGS, sorted(package.findings, key=repr))


_COVER = columns(item="code", value="text")
_SUMMARY = columns(item="code", value="number", of="number", percent="decimal")
_RANKING = columns(
    group="text",
    rank="number",
    subject="code",
    subject_name="text",
    score="decimal",
    grade="text",
    warnings="text",
    rule_set="code",
    version="code",
)
_INDICATORS = columns(subject="code", indicator="code", clause="text", title="text", lines="number", points="code")
_LINES = columns(
    subject="code",
    line="number",
    rule_set="code",
    version="code",
    clause="text",
    indicator="code",
    term="code",
    kind="code",
    numerator_name="code",
    numerator="code",
    denominator_name="code",
    denominator="code",
    exact="code",
    shown="decimal",
    against="code",
    evidence="text",
    reason="text",
    text="code",
    their_number="text",
    origin_period="code",
)
_LINE_CASES = columns(subject="code", line="number", case="code")
_EXTERNAL = columns(subject="code", indicator="code", value="decimal", evidence="text")
_EXEMPTIONS = columns(case="code", indicator="code", subject="code", reason="code", evidence="text")
_ADJUSTMENTS = columns(
    subject="code", points="decimal", reason="text", evidence="text", origin_period="code", case="code"
)
_DEDUCTIONS = columns(
    subject="code", indicator="code", points="decimal", evidence="text", case="code", their_number="text"
)
_APPEALS = columns(
    number="code",
    rule_set="code",
    subject="code",
    clause="text",
    indicator="code",
    case="code",
    reason="text",
    filed_at="instant",
    state="code",
    decided_at="instant",
    decision="text",
    points="decimal",
)
_FINDINGS = columns(
    their_number="text",
    case="code",
    kind="code",
    indicator="code",
    points="decimal",
    match="code",
    differs_in="text",
)


def _cover(package: MonthPackage) -> Sheet:
    period, standing = package.period, package.standing
    acts = {act.act: f"{act.role} {_local(act.at, period)}" for act in standing.acts}
    rules = "; ".join(
        f"{table.rule_set.name}@{table.rule_set.version}"
        for table in sorted(package.scores, key=lambda table: table.rule_set.name)
    )
    rows: list[tuple[str, str]] = [
        ("area", package.area),
        ("area_name", package.area_name),
        ("period", period.name),
        ("from", _local(period.start, period)),
        ("to", _local(period.end, period)),
        ("cut_off", _local(package.cut_off, period)),
        ("draft", "yes" if standing.is_draft else "no"),
        ("revision", str(standing.revision)),
        ("supersedes", standing.supersedes or ""),
        ("reason", standing.reason),
        ("rule_sets", rules),
        ("prepared", acts.get("draft", "")),
        ("reviewed", acts.get("approve", "")),
        ("issued", acts.get("seal", "")),
        ("seal_place", ""),
    ]
    return Sheet(name="cover", columns=_COVER, rows=tuple(rows))


def _local(instant: datetime, period: Period) -> str:
    return instant.astimezone(period.zone).replace(microsecond=0).isoformat()


#: Figures of the whole office; a rate's first name is over its second.
SUMMARY: tuple[tuple[str, str | None], ...] = (
    ("filed", None),
    ("valid", "filed"),
    ("registered", None),
    ("dispatched", None),
    ("due_to_handle", None),
    ("handled_on_time", "due_to_handle"),
    ("handled_overdue", "due_to_handle"),
    ("overdue_open", "due_to_handle"),
    ("closed", "due_to_close"),
    ("rework_cases", None),
    ("self_handled", None),
    ("void", None),
)


def _summary(package: MonthPackage) -> Sheet:
    totals: dict[str, int] = {}
    for table in package.counts:
        if table.by is CountBy.AREA:
            for row in table.rows:
                for name, number in row.counts.items():
                    totals[name] = totals.get(name, 0) + number
    rows: list[tuple[Cell, ...]] = []
    for name, of in SUMMARY:
        whole = totals.get(of, 0) if of else None
        rows.append((name, totals.get(name, 0), whole, percent(totals.get(name, 0), whole)))
    return Sheet(name="summary", columns=_SUMMARY, rows=tuple(rows))


def percent(part: int, whole: int | None) -> Decimal | None:
    """Return a rate in per cent, two places, half up; None where there is nothing to divide by.

    Examples
    --------
    >>> percent(12461, 12806), percent(0, 0)
    (Decimal('97.31'), None)
    """
    if not whole:
        return None
    return Decimal((20_000 * part + whole) // (2 * whole)).scaleb(-2)


def _count_sheet(table: CountTable) -> Sheet:
    names = count_names(table.by)
    rows = _by_role(table.rows) if table.by is CountBy.POST else table.rows
    ordered = sorted(rows, key=lambda row: (row.subject is None, row.subject or ""))
    return Sheet(
        name=f"counts-{table.by}",
        columns=columns(subject="code", **dict.fromkeys(names, "number")),
        rows=tuple((row.subject, *(row.counts.get(name, 0) for name in names)) for row in ordered),
    )


def _by_role(rows: Iterable[SubjectCounts]) -> list[SubjectCounts]:
    """Add the persons of each role up: the package names no staff."""
    totals: dict[str | None, dict[str, int]] = {}
    for row in rows:
        role = row.subject.partition("/")[0] if row.subject else None
        total = totals.setdefault(role, {})
        for name, number in row.counts.items():
            total[name] = total.get(name, 0) + number
    return [SubjectCounts(subject=role, counts=total) for role, total in totals.items()]


def _ranking(package: MonthPackage, table: ScoreTable) -> Sheet:
    names = package.names.get(table.rule_set.subject, {})
    return Sheet(
        name=f"ranking-{table.rule_set.name}",
        columns=_RANKING,
        rows=tuple(
            (
                one.group or None,
                one.rank,
                one.subject,
                names.get(one.subject) or None,
                one.score,
                one.grade or None,
                "; ".join(warning.indicator for warning in one.warnings) or None,
                table.rule_set.name,
                table.rule_set.version,
            )
            for one in ranked(table)
        ),
    )


def _indicators(table: ScoreTable) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    titles = {one.id: one.title.zh for one in table.rule_set.indicators}
    for one in ranked(table):
        names = dict.fromkeys(line.indicator for line in one.lines)
        for name in names:
            lines = [line for line in one.lines if line.indicator == name]
            points = [line.points for line in lines]
            total = None if None in points else sum(point for point in points if point is not None)
            shown = None if total is None else f"{total.numerator}/{total.denominator}"
            rows.append((one.subject, name or None, lines[0].clause or None, titles.get(name), len(lines), shown))
    return Sheet(name=f"indicators-{table.rule_set.name}", columns=_INDICATORS, rows=tuple(rows))


def _lines(table: ScoreTable) -> Sheet:
    return Sheet(
        name=f"score-lines-{table.rule_set.name}",
        columns=_LINES,
        rows=tuple(
            (one.subject, position, *(_line_cell(line, column.name) for column in _LINES[2:]))
            for one in ranked(table)
            for position, line in enumerate(one.lines, start=1)
        ),
    )


def _line_cell(line: ScoreLine, name: str) -> Cell:
    value: Cell = getattr(line, name)
    if name in ("numerator", "denominator") and value is not None:
        return str(value)  # a count, or an outside score with its places
    return None if value == "" else value


def _line_cases(table: ScoreTable) -> Sheet:
    """List the cases behind each line; not those of posts, which would say whose post it is."""
    rows: list[tuple[Cell, ...]] = []
    if table.rule_set.subject is not CountBy.POST:
        rows = [
            (one.subject, position, case)
            for one in ranked(table)
            for position, line in enumerate(one.lines, start=1)
            for case in line.cases
        ]
    return Sheet(name=f"score-line-cases-{table.rule_set.name}", columns=_LINE_CASES, rows=tuple(rows))
