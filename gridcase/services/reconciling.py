"""Taking in the superior centre's findings of a month, and comparing them with our records 对账.

A list is a CSV file; a row that cannot be taken is named with field and reason and left out, every other is taken. The
same list again adds nothing. Domain §6, "First-hand information from above".
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from gridcase.assessment.reconciling import Finding, FindingKind, Outcome, Reconciled
from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber
from gridcase.domain.errors import NotFoundError, Problem, invalid
from gridcase.domain.numbers import parse_number
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING
from gridcase.services.steps.delimited import Shape, Sheet, SheetRow
from gridcase.services.steps.month_facts import read_period
from gridcase.services.steps.month_score import rule_document
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.services.steps.reconciled import reconciled
from gridcase.services.steps.writing import request_digest
from gridcase.store import assessments
from gridcase.store import findings as store
from gridcase.store.assessments import AssessmentReconciliationRow as ReconciliationRow

__all__ = ["ReconciliationRow"]

#: Columns by either name; one of the two numbers is needed, everything else may be missing.
_COLUMNS = {
    "their_number": "对方案号",
    "our_number": "我方案号",
    "kind": "类型",
    "unit": "责任单位",
    "outcome": "处置结果",
    "reworks": "返工次数",
    "indicator": "扣分项",
    "points": "扣分",
    "found_on": "发现日期",
    "evidence": "依据",
}
_KINDS = {
    "案件": FindingKind.RECORD,
    "现场问题": FindingKind.ON_SITE,
    "漏报": FindingKind.MISSED,
    "虚假反馈": FindingKind.FALSE_FEEDBACK,
    "超期": FindingKind.OVERDUE,
    "返工": FindingKind.REWORK,
    "其他": FindingKind.OTHER,
}
_OUTCOMES = {"按期": Outcome.ON_TIME, "超期": Outcome.OVERDUE, "超期未处置": Outcome.OVERDUE_OPEN}
_POINTS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_TIMES = re.compile(r"[0-9]{1,4}")
_Word = TypeVar("_Word", FindingKind, Outcome)
_LONGEST = {"system": 40, "their_number": 80, "unit": 40, "indicator": 64, "evidence": 2000}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingList:
    """What is said of a list as a whole.

    Parameters
    ----------
    system
        Whose numbers ``their_number`` holds, as in the case's references.
    rule_set
        Rule set whose items the points are taken from; empty for a list that takes none.
    corrects
        A row that differs from the one taken before takes its place; otherwise it is refused.
    """

    period: str
    system: str
    rule_set: str = ""
    encoding: str = "utf-8"
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row was left out: its number below the header, the field, and the reason."""

    row: int
    field: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A comparison that was asked for, and its lines as plain values; empty until it was worked out."""

    row: ReconciliationRow
    lines: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingReport:
    """What came of a list; ``rows`` is the sum of the four counts."""

    rows: int
    taken: int
    corrected: int
    already_there: int
    refused: tuple[RowProblem, ...]


def take_findings(rt: Runtime, actor: Actor, path: Path, about: FindingList, *, dry_run: bool = False) -> FindingReport:
    """Take a list in, in one transaction.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        The period or the rule set is unknown, the system's name is too long, or the file as a whole cannot be read:
        ``findings_header``, or as in ``gridcase.services.steps.delimited``.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, about.period)
    if len(about.system) > _LONGEST["system"]:
        raise invalid("system", "text_too_long", most=_LONGEST["system"], length=len(about.system))
    indicators = _indicators(rt, about)
    read, refused = _read(path, about, indicators)
    same = 0
    with rt.database.writing() as tx:
        held = {row.slot: row.digest for row in store.findings(tx, period.name)}
        news: dict[str, dict[str, object]] = {}
        corrected: list[str] = []
        for number, finding in read:
            slot = f"{period.name}/{about.system}/{_key(finding)}"
            digest = request_digest([asdict(finding), about.rule_set])
            known = held.get(slot)
            if known == digest or (slot in news and news[slot]["digest"] == digest):
                same += 1
            elif slot in news or (known is not None and not about.corrects):
                problem = Problem(
                    code="finding_differs", params={"number": finding.their_number or str(finding.our_number)}
                )
                refused.append(RowProblem(row=number, field="their_number", problem=problem))
            else:
                if known is not None:
                    corrected.append(slot)
                news[slot] = _row(finding, about, slot, digest) | {
                    "period": period.name,
                    "taken_at": rt.clock.now(),
                    "taken_by": actor.person,
                }
        if not dry_run:
            store.replace_findings(tx, corrected)
            store.add_findings(tx, list(news.values()))
    return FindingReport(
        rows=len(news) + same + len({one.row for one in refused}),
        taken=len(news) - len(corrected),
        corrected=len(corrected),
        already_there=same,
        refused=tuple(sorted(refused, key=lambda one: one.row)),
    )


def reconciliation(
    rt: Runtime, actor: Actor, period_name: str, *, complete: frozenset[str] = frozenset()
) -> tuple[Reconciled, ...]:
    """Compare the findings of a period with its facts; heavy, so for the command line and the jobs process.

    Parameters
    ----------
    complete
        Systems whose list names every case of theirs that was due: what it leaves out is ours alone.

    Returns
    -------
    tuple
        Every line; a unit sees those that concern it.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    lines = reconciled(rt, read_period(rt, period_name), complete)
    return tuple(one.line for one in lines if actor.role in ASSESSING or one.concerns(actor.unit))


def request_reconciliation(
    rt: Runtime, actor: Actor, period_name: str, complete: frozenset[str] = frozenset()
) -> ReconciliationRow:
    """Queue a comparison of a period; one of the same systems that waits already is answered instead.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, period_name)
    with rt.database.writing() as tx:
        identity = assessments.ask_reconciliation(
            tx,
            {
                "period": period.name,
                "complete": sorted(complete),
                "status": assessments.QUEUED,
                "error": "",
                "owner": "",
                "created_at": rt.clock.now(),
                "created_by": actor.person,
            },
        )
        row = assessments.reconciliation(tx, identity)
        assert row is not None  # noqa: S101 - inserted or found just above
        return row


def newest_reconciliation(rt: Runtime, actor: Actor, period_name: str) -> Comparison | None:
    """Return the newest comparison of a period with the lines that the actor may see; None before the first.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    period = read_period(rt, period_name)
    with rt.database.reading() as tx:
        row = assessments.newest_reconciliation(tx, period.name)
    return None if row is None else _comparison(row, actor)


def one_reconciliation(rt: Runtime, actor: Actor, identity: int) -> Comparison:
    """Return a comparison with the lines that the actor may see.

    Raises
    ------
    NotFoundError
        There is none, or the actor sees no months.
    """
    with rt.database.reading() as tx:
        row = assessments.reconciliation(tx, identity) if actor.role in SEEING and identity > 0 else None
    if row is None:
        raise NotFoundError("reconciliation_not_found", params={"id": identity})
    return _comparison(row, actor)


def findings_taken(rt: Runtime, actor: Actor, period_name: str) -> int:
    """Return how many findings of a period stand.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, period_name)
    with rt.database.reading() as tx:
        return store.count_findings(tx, period.name)


def _comparison(row: ReconciliationRow, actor: Actor) -> Comparison:
    lines = tuple(row.answer or ())
    if actor.role not in ASSESSING:
        own = actor.unit or actor.scope.value
        lines = tuple(one for one in lines if own in (one["unit"], (one["finding"] or {}).get("unit")))
    return Comparison(row=row, lines=lines)


def _indicators(rt: Runtime, about: FindingList) -> frozenset[str]:
    if not about.rule_set:
        return frozenset()
    with rt.database.reading() as tx:
        document = rule_document(tx, about.rule_set, read_period(rt, about.period))
    return frozenset(one.id for one in parse_rule_set(document).indicators)


def _read(
    path: Path, about: FindingList, indicators: frozenset[str]
) -> tuple[list[tuple[int, Finding]], list[RowProblem]]:
    found: list[tuple[int, Finding]] = []
    refused: list[RowProblem] = []
    with Sheet(path, Shape(encoding=about.encoding)) as sheet:
        places = _places(sheet.header)
        for row in sheet.rows():
            if row.refused:
                problem = Problem(code=row.refused, params=row.params or {})
                refused.append(RowProblem(row=row.number, field="row", problem=problem))
                continue
            reader = _Row(row, places, about, indicators)
            finding = reader.finding()
            refused += reader.problems
            if finding is not None:
                found.append((row.number, finding))
    return found, refused


def _places(header: tuple[str, ...]) -> Mapping[str, int]:
    names = {spelled: name for name, zh in _COLUMNS.items() for spelled in (name, zh)}
    places = {names[one]: place for place, one in enumerate(header) if one in names}
    if "kind" not in places or not {"their_number", "our_number"} & places.keys():
        raise invalid("file", "findings_header", columns=", ".join(f"{zh}/{name}" for name, zh in _COLUMNS.items()))
    return places


class _Row:
    """Reads one row and gathers what is wrong with it."""

    def __init__(
        self, row: SheetRow, places: Mapping[str, int], about: FindingList, indicators: frozenset[str]
    ) -> None:
        self._row, self._places, self._about, self._indicators = row, places, about, indicators
        self.problems: list[RowProblem] = []

    def finding(self) -> Finding | None:
        theirs, ours = self._text("their_number"), self._text("our_number")
        if not theirs and not ours:
            self._refuse("their_number", "number_needed")
        if ours and parse_number(ours) is None:
            self._refuse("our_number", "case_number_malformed", number=ours)
        points, indicator, unit = self._points(), self._indicator(), self._text("unit")
        if (points is None) != (indicator is None):
            self._refuse("indicator" if indicator is None else "points", "points_need_indicator")
        elif points is not None and not unit:
            self._refuse("unit", "points_need_unit")
        made = Finding(
            their_number=theirs,
            our_number=CaseNumber(ours) if ours else None,
            kind=self._word("kind", _KINDS) or FindingKind.OTHER,
            unit=unit or None,
            outcome=self._word("outcome", _OUTCOMES) if self._text("outcome") else None,
            reworks=self._times(),
            indicator=indicator,
            points=points,
            found_on=self._day(),
            evidence=self._text("evidence"),
        )
        return None if self.problems else made

    def _text(self, name: str) -> str:
        place = self._places.get(name)
        text = "" if place is None else self._row.cells[place].strip()
        if len(text) > _LONGEST.get(name, 80):
            self._refuse(name, "text_too_long", most=_LONGEST.get(name, 80), length=len(text))
            return ""
        return text

    def _word(self, name: str, words: Mapping[str, _Word]) -> _Word | None:
        """Read one of the words, in Chinese or as its code."""
        text = self._text(name)
        known = {**words, **{str(word): word for word in words.values()}}
        if text not in known:
            self._refuse(name, "finding_word_unknown", value=text, choices=", ".join(known))
        return known.get(text)

    def _points(self) -> Decimal | None:
        text = self._text("points")
        if not text:
            return None
        if not _POINTS.fullmatch(text):
            self._refuse("points", "decimal_expected", value=text)
            return None
        return Decimal(text)

    def _indicator(self) -> str | None:
        name = self._text("indicator")
        if not name:
            return None
        if name not in self._indicators:
            code = "indicator_unknown" if self._about.rule_set else "rule_set_needed"
            self._refuse("indicator", code, id=name, rule_set=self._about.rule_set)
        return name

    def _times(self) -> int | None:
        text = self._text("reworks")
        if text and not _TIMES.fullmatch(text):
            self._refuse("reworks", "whole_number_expected", value=text)
            return None
        return int(text) if text else None

    def _day(self) -> date | None:
        text = self._text("found_on")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self._refuse("found_on", "date_malformed", value=text)
            return None

    def _refuse(self, name: str, code: str, **params: str | int) -> None:
        self.problems.append(RowProblem(row=self._row.number, field=name, problem=Problem(code=code, params=params)))


def _key(finding: Finding) -> str:
    return "/".join((finding.their_number or str(finding.our_number), finding.kind, finding.indicator or ""))


def _row(finding: Finding, about: FindingList, slot: str, digest: str) -> dict[str, object]:
    return {
        "system": about.system,
        "key": _key(finding),
        "digest": digest,
        "slot": slot,
        "their_number": finding.their_number,
        "our_number": finding.our_number,
        "kind": str(finding.kind),
        "unit": finding.unit,
        "outcome": str(finding.outcome) if finding.outcome else None,
        "reworks": finding.reworks,
        "rule_set": about.rule_set if finding.points is not None else "",
        "indicator": finding.indicator,
        "points": None if finding.points is None else f"{finding.points:f}",
        "found_on": finding.found_on,
        "evidence": finding.evidence,
    }
