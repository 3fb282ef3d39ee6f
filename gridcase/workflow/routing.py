"""Which unit is responsible? An ordered table of rules; the first that matches wins, and the answer says why.

It does not look at workload or duty rosters, and it never guesses: a case that no rule matches has no unit.
Source: domain §4 (``dispatch``) and field lesson C7: routes nobody can explain, rules that die silently.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from gridcase.domain.case import CaseKind, Scheme, Source, TypeKey, UnitCode
from gridcase.workflow.routes import (
    NEAR_MISSES,
    Criterion,
    NearMiss,
    Route,
    RouteExplanation,
    RouteMatch,
    RoutingQuestion,
)

__all__ = [
    "Route",
    "RouteExplanation",
    "RoutingQuestion",
    "RoutingRule",
    "RoutingTable",
    "TypePattern",
    "fitting",
    "route",
]

_MAJOR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TypePattern:
    """Case types by exact key or by the beginning of their code.

    Parameters
    ----------
    code
        The whole code, or its beginning when ``is_prefix``; an empty beginning takes every code.
    """

    scheme: Scheme
    kind: CaseKind
    code: str
    is_prefix: bool = False

    @classmethod
    def parse(cls, text: str) -> "TypePattern":
        """Read ``GBT47678.5-2026/event/09012`` or ``GBT47678.5-2026/event/09*``.

        Raises
        ------
        ValueError
            When it has not three parts, a part is unknown, or the star is not at the end.

        Examples
        --------
        >>> pattern = TypePattern.parse("GBT47678.5-2026/event/09*")
        >>> pattern.matches(TypeKey.parse("GBT47678.5-2026/event/09012"))
        True
        >>> pattern.matches(TypeKey.parse("GBT47678.5-2026/component/09012"))
        False
        """
        key = TypeKey.parse(text)
        is_prefix = key.code.endswith("*")
        code = key.code.removesuffix("*")
        if (code and not code.isalnum()) or not (code or is_prefix):
            msg = f"not a type pattern: {text!r}"
            raise ValueError(msg)
        return cls(scheme=key.scheme, kind=key.kind, code=code, is_prefix=is_prefix)

    def __str__(self) -> str:
        return f"{self.scheme}/{self.kind}/{self.code}{'*' if self.is_prefix else ''}"

    def matches(self, key: TypeKey) -> bool:
        """Tell whether the pattern takes a type."""
        if self.scheme is not key.scheme or self.kind is not key.kind:
            return False
        return key.code.startswith(self.code) if self.is_prefix else key.code == self.code

    def covers(self, other: "TypePattern") -> bool:
        """Tell whether every type that ``other`` takes is taken by this pattern too."""
        if self.scheme is not other.scheme or self.kind is not other.kind:
            return False
        return other.code.startswith(self.code) if self.is_prefix else self == other

    def meets(self, other: "TypePattern") -> bool:
        """Tell whether some type is taken by both."""
        return self.covers(other) or other.covers(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """One line of a routing table.

    Parameters
    ----------
    types
        At least one pattern; any of them suffices.
    areas
        Beginnings of cell codes (district 6, street 9, community 12 characters); empty takes every place, an
        unknown one included.
    sources
        Empty takes every source.
    valid_from, valid_to
        First and last day, both included; None has no end.
    why_zh, why_en
        Clause or reason, as shown to whoever asks.
    """

    id: str
    types: tuple[TypePattern, ...]
    areas: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    valid_from: date
    valid_to: date | None = None
    unit: UnitCode
    why_zh: str = ""
    why_en: str = ""

    @property
    def is_catch_all(self) -> bool:
        """Whether it takes every type of a kind, everywhere and from everybody: the last resort of a table."""
        return not self.areas and not self.sources and any(one.is_prefix and not one.code for one in self.types)

    def covers(self, other: "RoutingRule") -> bool:
        """Tell whether every case that ``other`` takes is taken by this rule too."""
        by_type = all(any(one.covers(theirs) for one in self.types) for theirs in other.types)
        return by_type and self.reaches(other)

    def reaches(self, other: "RoutingRule") -> bool:
        """Tell whether this rule holds in every place, from every source and on every day in which ``other`` does."""
        return (
            (not self.areas or (bool(other.areas) and all(area.startswith(self.areas) for area in other.areas)))
            and (not self.sources or (bool(other.sources) and set(other.sources) <= set(self.sources)))
            and self.valid_from <= other.valid_from
            and (other.valid_to or date.max) <= (self.valid_to or date.max)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    """Rules in the order in which they are asked.

    Parameters
    ----------
    name, version
        Cited by every route.
    rules
        Unique by id.
    """

    name: str
    version: str
    rules: tuple[RoutingRule, ...]
    _index: "_Index" = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.rules))


def route(table: RoutingTable, question: RoutingQuestion) -> Route:
    """Find the first rule that matches, and explain.

    Only the rules of the type are looked at. Measured with 1,000 rules: 16 µs over 100 types in 10 areas each, 30 µs
    when none matches, 0.2 ms when all are of one type.
    """
    near: list[NearMiss] = []
    for position in table._index.candidates(question.type):  # noqa: SLF001 - the table's own compiled form
        rule = table.rules[position]
        failed = _failed(rule, question)
        if not failed:
            return _routed(table, question, position, tuple(near))
        if len(failed) == 1 and len(near) < NEAR_MISSES:
            near.append(NearMiss(rule=rule.id, unit=rule.unit, failed=failed[0]))
    return _unrouted(table, question, near)


def fitting(table: RoutingTable, question: RoutingQuestion) -> Iterator[RoutingRule]:
    """Yield every rule that matches, in table order: the first is the one that wins."""
    for position in table._index.candidates(question.type):  # noqa: SLF001 - the table's own compiled form
        rule = table.rules[position]
        if not _failed(rule, question):
            yield rule


@dataclass(slots=True)
class _Shelf:
    """Positions of the rules of one scheme and kind, in table order, by what their patterns begin with."""

    exact: dict[str, list[int]] = field(default_factory=dict)
    prefix: dict[str, list[int]] = field(default_factory=dict)
    major: dict[str, list[int]] = field(default_factory=dict)

    def add(self, pattern: TypePattern, position: int) -> None:
        for index, code in (
            (self.prefix if pattern.is_prefix else self.exact, pattern.code),
            (self.major, pattern.code[:_MAJOR]),
        ):
            positions = index.setdefault(code, [])
            if not positions or positions[-1] != position:
                positions.append(position)


class _Index:
    """A table's rules by type; built once per table."""

    __slots__ = ("_shelves",)

    def __init__(self, rules: tuple[RoutingRule, ...]) -> None:
        self._shelves: dict[tuple[Scheme, CaseKind], _Shelf] = {}
        for position, rule in enumerate(rules):
            for pattern in rule.types:
                self._shelves.setdefault((pattern.scheme, pattern.kind), _Shelf()).add(pattern, position)

    def candidates(self, key: TypeKey) -> list[int]:
        """Return positions of the rules whose type matches, in table order."""
        shelf = self._shelves.get((key.scheme, key.kind))
        if shelf is None:
            return []
        found = set(shelf.exact.get(key.code, ()))
        for length in range(len(key.code) + 1):
            found.update(shelf.prefix.get(key.code[:length], ()))
        return sorted(found)

    def siblings(self, key: TypeKey) -> list[int]:
        """Return positions of the rules with a pattern in the same major class, in table order."""
        shelf = self._shelves.get((key.scheme, key.kind))
        return shelf.major.get(key.code[:_MAJOR], []) if shelf else []


def _failed(rule: RoutingRule, question: RoutingQuestion) -> list[Criterion]:
    """Return the criteria beside the type on which a rule fails."""
    failed = []
    if rule.areas and not (question.cell or "").startswith(rule.areas):
        failed.append(Criterion.AREA)
    if rule.sources and question.source not in rule.sources:
        failed.append(Criterion.SOURCE)
    if question.on < rule.valid_from or (rule.valid_to is not None and question.on > rule.valid_to):
        failed.append(Criterion.DATE)
    return failed


def _routed(table: RoutingTable, question: RoutingQuestion, position: int, near: tuple[NearMiss, ...]) -> Route:
    rule = table.rules[position]
    cell = question.cell or ""
    match = RouteMatch(
        rule=rule.id,
        unit=rule.unit,
        type=next(str(pattern) for pattern in rule.types if pattern.matches(question.type)),
        area=max((area for area in rule.areas if cell.startswith(area)), key=len, default=None),
        source=question.source if rule.sources else None,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        why_zh=rule.why_zh,
        why_en=rule.why_en,
    )
    explanation = RouteExplanation(
        table=f"{table.name}@{table.version}",
        question=question,
        match=match,
        passed_over=position,
        near_misses=near,
    )
    return Route(unit=rule.unit, explanation=explanation)


def _unrouted(table: RoutingTable, question: RoutingQuestion, near: list[NearMiss]) -> Route:
    for rule in _same_major(table, question):
        if len(near) == NEAR_MISSES:
            break
        near.append(NearMiss(rule=rule.id, unit=rule.unit, failed=Criterion.TYPE))
    explanation = RouteExplanation(
        table=f"{table.name}@{table.version}",
        question=question,
        match=None,
        passed_over=len(table.rules),
        near_misses=tuple(near),
    )
    return Route(unit=None, explanation=explanation)


def _same_major(table: RoutingTable, question: RoutingQuestion) -> Iterator[RoutingRule]:
    """Yield the rules that fail on the type alone, within the major class of the question."""
    for position in table._index.siblings(question.type):  # noqa: SLF001 - the table's own compiled form
        rule = table.rules[position]
        if not any(pattern.matches(question.type) for pattern in rule.types) and not _failed(rule, question):
            yield rule
