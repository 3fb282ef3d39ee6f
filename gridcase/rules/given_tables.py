"""Tables of given figures: a published notice read for a rule set, without a database.

Reads CSV, JSON or YAML into figures, outside scores, deductions and what the notice printed; gathers everything wrong
and refuses once. No points are made here. The columns are described in ``docs/rule-sets.md``.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from gridcase.assessment.figures import GivenFigures, places_of
from gridcase.assessment.inputs import Adjustment, Deduction, ExternalScore, ScoringInputs
from gridcase.assessment.rulesets import External, Indicator, Ratio, RuleSet, Term, WithoutData
from gridcase.assessment.scoring import LineKind, SubjectScore, rounded, score_figures
from gridcase.domain.errors import InvalidInputError, Problem, RuleFileError
from gridcase.rules.yaml_text import Plain, read_yaml

SUBJECT = "subject"
_RATE, _DEDUCT, _ADJUST, _EXPECT = "rate:", "deduct:", "adjust", "expect:"
_EXPECTED = ("score", "rank", "grade")
_IGNORED = "note"
_NUMBER = re.compile(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]{1,12})?")
_WHOLE = re.compile(r"[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3})+")
_SHOWN = 12
_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a notice printed of a subject; None where it printed nothing."""

    score: Decimal | None = None
    rank: int | None = None
    grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTable:
    """A table, read.

    Parameters
    ----------
    expected
        By subject; empty when the table has no such columns.
    """

    figures: GivenFigures
    inputs: ScoringInputs
    expected: Mapping[str, Expected]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that came out otherwise than printed; texts as they are shown.

    Parameters
    ----------
    within_rounding
        Whether a printed score is reached when every part of the table is taken as rounded to the places it shows.
    """

    subject: str
    what: str
    printed: str
    computed: str
    within_rounding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Least and greatest score that parts rounded before printing allow."""

    least: Decimal
    greatest: Decimal


def read_given_table(rule_set: RuleSet, name: str, data: bytes, *, shift: int = 0) -> GivenTable:
    """Read a table of figures for a rule set.

    Parameters
    ----------
    name
        File name: its ending (``.csv``, ``.json``, ``.yaml``) says how to read it, and it becomes the evidence of the
        outside scores and deductions in it.
    shift
        -1 or 1 moves every outside score and rate down or up by half a unit of its last printed place.

    Raises
    ------
    InvalidInputError
        ``fields`` names ``row N: column``, or ``columns`` for what the table lacks or should not have.
    """
    rows = list(_rows(name, data))
    reader = _Reader(rule_set, name, shift)
    reader.take(rows)
    if reader.problems:
        found = {place: tuple(problems) for place, problems in reader.problems.items()}
        raise InvalidInputError("invalid_input", fields=found)
    return reader.table()


def differences(
    expected: Mapping[str, Expected], scores: Iterable[SubjectScore], intervals: Mapping[str, Interval]
) -> tuple[Difference, ...]:
    """Return where scores, ranks and grades differ from what was printed, in the order of the scores."""
    return tuple(
        Difference(
            subject=one.subject,
            what=what,
            printed=str(printed),
            computed="-" if own is None else str(own),
            within_rounding=what == "score" and _holds(intervals.get(one.subject), printed),
        )
        for one in scores
        if one.subject in expected
        for what in _EXPECTED
        if (printed := getattr(expected[one.subject], what)) is not None
        if (own := getattr(one, what)) != printed
    )


def intervals(rule_set: RuleSet, name: str, data: bytes) -> dict[str, Interval]:
    """Return which scores are possible when the parts were rounded before they were printed, by subject.

    Each indicator takes its least and its greatest value by itself; counts are exact and do not move. Subjects without
    a score are left out.
    """
    shifted = [read_given_table(rule_set, name, data, shift=shift) for shift in (-1, 0, 1)]
    scored = [{one.subject: one for one in score_figures(rule_set, given.figures, given.inputs)} for given in shifted]
    found = {}
    for subject in scored[0]:
        sides = [scores[subject] for scores in scored]
        if all(one.score is not None for one in sides):
            parts = [_parts(one) for one in sides]
            least = sum((min(part[key] for part in parts) for key in parts[0]), Fraction(0))
            greatest = sum((max(part[key] for part in parts) for key in parts[0]), Fraction(0))
            found[subject] = Interval(
                least=rounded(least, rule_set.rounding), greatest=rounded(greatest, rule_set.rounding)
            )
    return found


def _parts(one: SubjectScore) -> dict[str, Fraction]:
    """Return the points of each indicator, and under an empty name those of the total but for its rounding."""
    parts = {line.indicator: Fraction(0) for line in one.lines} | {"": Fraction(0)}
    for line in one.lines:
        if line.indicator or line.kind is not LineKind.ROUNDING:
            parts[line.indicator] += line.points or Fraction(0)
    return parts


def _holds(interval: Interval | None, printed: Decimal) -> bool:
    return interval is not None and interval.least <= printed <= interval.greatest


# --- the forms of a table ---


def _rows(name: str, data: bytes) -> Iterator[dict[str, str]]:
    ending = name.rsplit(".", 1)[-1].lower()
    if ending == "csv":
        yield from _csv_rows(data)
    elif ending in ("json", "yaml", "yml"):
        yield from _listed_rows(_document(ending, data))
    else:
        raise _refused("file", "given_ending", name=name)


def _csv_rows(data: bytes) -> Iterator[dict[str, str]]:
    reader = csv.reader(io.StringIO(_decoded(data), newline=""))
    header = [column.strip() for column in next(reader, [])]
    if SUBJECT not in header:
        raise _refused("columns", "header_needed", columns=SUBJECT)
    for column in header:
        if header.count(column) > 1:
            raise _refused("columns", "given_column_twice", column=column)
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise _refused(f"row {number}", "given_row_length", cells=len(cells), columns=len(header))
        yield {column: cell.strip() for column, cell in zip(header, cells, strict=True)}


def _decoded(data: bytes) -> str:
    """Read UTF-8, with or without a byte-order mark, or the encoding of older Chinese spreadsheets."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("file", "given_unreadable")


def _document(ending: str, data: bytes) -> Plain:
    if ending == "json":
        try:
            value: Plain = json.loads(_decoded(data), parse_float=str, parse_int=str)
        except ValueError as error:
            raise _refused("file", "given_unreadable") from error
        return value
    try:
        return read_yaml(data)
    except RuleFileError as error:
        raise InvalidInputError("invalid_input", fields=error.fields) from error


def _listed_rows(value: Plain) -> Iterator[dict[str, str]]:
    rows = value.get("rows") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise _refused("rows", "list_expected")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise _refused(f"row {number}", "mapping_expected")
        if any(isinstance(cell, dict | list | bool) for cell in row.values()):
            raise _refused(f"row {number}", "text_expected")
        yield {str(column).strip(): "" if cell is None else str(cell).strip() for column, cell in row.items()}


def _refused(place: str, code: str, /, **params: str | int) -> InvalidInputError:
    return InvalidInputError("invalid_input", fields={place: (Problem(code=code, params=params),)})


# --- the columns ---


@dataclass(slots=True)
class _Reader:
    """Reads rows for a rule set and gathers what is wrong with them."""

    rule_set: RuleSet
    evidence: str
    shift: int
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    counts: dict[str, dict[str, int | Decimal]] = field(default_factory=dict)
    rates: dict[str, dict[str, Fraction]] = field(default_factory=dict)
    external: list[ExternalScore] = field(default_factory=list)
    deductions: list[Deduction] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    expected: dict[str, Expected] = field(default_factory=dict)

    def table(self) -> GivenTable:
        return GivenTable(
            figures=GivenFigures(counts=self.counts, rates=self.rates),
            inputs=ScoringInputs(
                external=tuple(self.external),
                deductions=tuple(self.deductions),
                adjustments=tuple(self.adjustments),
            ),
            expected={subject: one for subject, one in self.expected.items() if one != Expected()},
        )

    def take(self, rows: list[dict[str, str]]) -> None:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        known = self._known()
        for column in columns:
            if column not in known:
                near = ", ".join(sorted(known)[:_SHOWN])
                self.refuse("columns", "given_column_unknown", column=f'"{column}"', choices=near)
        if not rows:
            self.refuse("rows", "list_empty")
        self._check_missing(frozenset(columns))
        for number, row in enumerate(rows, start=1):
            self._row(number, row)

    def refuse(self, place: str, code: str, /, **params: str | int) -> None:
        self.problems.setdefault(place, []).append(Problem(code=code, params=params))

    def _terms(self) -> Iterator[tuple[Indicator, Term]]:
        return ((indicator, term) for indicator in self.rule_set.indicators for term in indicator.terms)

    def _known(self) -> frozenset[str]:
        names = {SUBJECT, _IGNORED, _ADJUST, *(_EXPECT + what for what in _EXPECTED), *self.rule_set.external_names}
        names |= {_DEDUCT + indicator.id for indicator in self.rule_set.indicators}
        names |= set(self.rule_set.deciding_counts)
        for indicator, term in self._terms():
            names |= {place + name for place in places_of(indicator, term) for name in self.rule_set.counted(term)}
            if isinstance(term.measure, Ratio):
                names |= set(_rate_columns(indicator, term))
        return frozenset(names)

    def _check_missing(self, columns: frozenset[str]) -> None:
        """Refuse a table that lacks what the score cannot be made without."""
        for name in self.rule_set.deciding_counts:
            if name not in columns:
                self.refuse("columns", "given_column_missing", indicator="ranking", column=f'"{name}"')
        for indicator in self.rule_set.indicators:
            policy = self.rule_set.without_data_of(indicator)
            is_given = indicator.instead is not None and indicator.instead.name in columns
            if policy is not WithoutData.NO_SCORE or is_given:
                continue
            if indicator.instead is not None and not indicator.terms:
                self.refuse(
                    "columns",
                    "given_column_missing",
                    indicator=f'"{indicator.id}"',
                    column=f'"{indicator.instead.name}"',
                )
            for term in indicator.terms:
                for column in _missing(indicator, term, columns, self.rule_set.numbers):
                    self.refuse("columns", "given_column_missing", indicator=f'"{indicator.id}"', column=f'"{column}"')

    def _row(self, number: int, row: dict[str, str]) -> None:
        place = f"row {number}"
        subject = self._subject(f"{place}: {SUBJECT}", row.get(SUBJECT, ""))
        if subject is None:
            return
        self.counts[subject] = {}
        self.expected[subject] = self._printed(place, row)
        for column, text in row.items():
            if text and column not in (SUBJECT, _IGNORED) and not column.startswith(_EXPECT):
                self._cell(f"{place}: {column}", subject, column, text)

    def _subject(self, at: str, subject: str) -> str | None:
        """Return the subject of a row; None when the row cannot be taken."""
        role = self.rule_set.role
        if not subject:
            self.refuse(at, "key_missing", key=SUBJECT)
        elif subject in self.counts:
            self.refuse(at, "given_subject_twice", subject=subject)
        elif role is not None and not subject.startswith(f"{role}/"):
            self.refuse(at, "given_subject_role", subject=subject, role=role)
        else:
            return subject
        return None

    def _cell(self, at: str, subject: str, column: str, text: str) -> None:
        outside = {one.name: one for one in self._externals()}
        if column in outside:
            self._outside(at, subject, outside[column], text)
        elif column.startswith(_RATE):
            self._rate(at, subject, column, text)
        elif column.startswith(_DEDUCT):
            self._deduct(at, subject, column.removeprefix(_DEDUCT), text)
        elif column == _ADJUST:
            self._adjust(at, subject, text)
        else:
            self.counts[subject][column] = self._whole(at, text)

    def _adjust(self, at: str, subject: str, text: str) -> None:
        points = self._number(at, text)
        self.adjustments.append(
            Adjustment(subject=subject, points=points, reason="", evidence=self.evidence, origin_period="")
        )

    def _externals(self) -> Iterator[External]:
        for indicator in self.rule_set.indicators:
            if indicator.instead is not None:
                yield indicator.instead
            yield from (term.measure for term in indicator.terms if isinstance(term.measure, External))
        yield from (External(name=name) for name in self.rule_set.numbers)

    def _outside(self, at: str, subject: str, external: External, text: str) -> None:
        value = self._number(at, text.removesuffix("%").strip() if external.out_of == _PERCENT else text)
        if external.out_of is not None and not 0 <= value <= external.out_of:
            self.refuse(at, "given_out_of", value=text, out_of=f"{external.out_of:f}")
        value = self._shifted(value, external.out_of)
        self.external.append(
            ExternalScore(subject=subject, indicator=external.name, value=value, evidence=self.evidence)
        )

    def _rate(self, at: str, subject: str, column: str, text: str) -> None:
        value = self._number(at, text.removesuffix("%").removesuffix("％").strip())
        if not 0 <= value <= 100:  # noqa: PLR2004 - per cent
            self.refuse(at, "given_rate", value=text)
        value = self._shifted(value, Decimal(100))
        for indicator, term in self._terms():
            if column in _rate_columns(indicator, term):
                self.rates.setdefault(subject, {})[f"{indicator.id}.{term.id}"] = Fraction(value) / 100

    def _deduct(self, at: str, subject: str, indicator: str, text: str) -> None:
        points = self._number(at, text)
        if points < 0:
            self.refuse(at, "below_zero")
        if points > 0:
            one = Deduction(subject=subject, indicator=indicator, points=points, evidence=self.evidence)
            self.deductions.append(one)

    def _shifted(self, value: Decimal, most: Decimal | None) -> Decimal:
        """Move a value by half a unit of its last place, as far as it can go; a whole number of things is exact."""
        exponent = value.as_tuple().exponent
        if most is None and exponent == 0:
            return value
        half = Decimal(5).scaleb(int(exponent) - 1) * self.shift
        moved = max(Decimal(0), value + half)
        return moved if most is None else min(most, moved)

    def _printed(self, place: str, row: dict[str, str]) -> Expected:
        score, rank, grade = (row.get(_EXPECT + what, "") for what in _EXPECTED)
        return Expected(
            score=self._number(f"{place}: {_EXPECT}score", score) if score else None,
            rank=self._whole(f"{place}: {_EXPECT}rank", rank) if rank else None,
            grade=grade or None,
        )

    def _number(self, at: str, text: str) -> Decimal:
        if _NUMBER.fullmatch(text):
            return Decimal(text.replace(",", ""))
        self.refuse(at, "decimal_expected", value=text)
        return Decimal(0)

    def _whole(self, at: str, text: str) -> int:
        if _WHOLE.fullmatch(text):
            return int(text.replace(",", ""))
        self.refuse(at, "given_whole", value=text)
        return 0


def _rate_columns(indicator: Indicator, term: Term) -> tuple[str, ...]:
    """Name the columns that give the rate of a term: an indicator's name suffices where it has one term only."""
    full = f"{_RATE}{indicator.id}.{term.id}"
    return (full, f"{_RATE}{indicator.id}") if len(indicator.terms) == 1 else (full,)


def _missing(indicator: Indicator, term: Term, columns: frozenset[str], numbers: tuple[str, ...]) -> Iterator[str]:
    if isinstance(term.measure, External):
        if term.measure.name not in columns:
            yield term.measure.name
        return
    if isinstance(term.measure, Ratio) and any(column in columns for column in _rate_columns(indicator, term)):
        return
    for name in term.counts:
        places = ("",) if name in numbers else places_of(indicator, term)
        if not any(place + name in columns for place in places):
            yield places[-1] + name
