"""What a route says of itself: the question, the winning rule, what was passed over, and the near misses.

The finding is in ``gridcase.workflow.routing``. An explanation is stored as JSON with the assignment, and can
be read aloud in Chinese or English. Source: field lesson C7, "routed to the wrong unit, nobody knows why".
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from gridcase.domain.case import CellCode, Source, TypeKey, UnitCode
from gridcase.domain.history import canonical_json

#: More would hide the message: these are for a person who asks "why not us?".
NEAR_MISSES = 3

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingQuestion:
    """What is asked.

    Parameters
    ----------
    cell
        Unit cell; None while unlocated, which only rules for every place match.
    on
        Local day of the dispatch.
    """

    type: TypeKey
    cell: CellCode | None
    source: Source
    on: date


class Criterion(StrEnum):
    """What a rule asks about."""

    TYPE = "type"
    AREA = "area"
    SOURCE = "source"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """The rule that won and the parts of it that matched.

    Parameters
    ----------
    type
        The matching type pattern.
    area
        The matching area with the most characters; None when the rule takes every place.
    source
        None when the rule takes every source.
    """

    rule: str
    unit: UnitCode
    type: str
    area: str | None
    source: Source | None
    valid_from: date
    valid_to: date | None
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A rule that failed on exactly one criterion."""

    rule: str
    unit: UnitCode
    failed: Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteExplanation:
    """Why a case went where it went; stored with the assignment.

    Parameters
    ----------
    table
        ``name@version``.
    question
        What was asked.
    match
        The winning rule; None when no rule matched.
    passed_over
        Rules that stand before the winner, or all of them when none won.
    near_misses
        At most ``NEAR_MISSES`` of the rules passed over, in table order. Rules that failed on the type alone
        are named only when no rule won, after the others, and only within the same major class.
    """

    table: str
    question: RoutingQuestion
    match: RouteMatch | None
    passed_over: int
    near_misses: tuple[NearMiss, ...] = ()

    def dump(self) -> str:
        """Write canonical JSON: what is None or empty is left out."""
        asked = _without_empty(
            type=str(self.question.type),
            cell=self.question.cell,
            source=self.question.source,
            on=self.question.on.isoformat(),
        )
        missed = [{"rule": miss.rule, "unit": miss.unit, "failed": miss.failed} for miss in self.near_misses]
        plain = _without_empty(
            table=self.table,
            question=asked,
            match=_dump_match(self.match) if self.match else None,
            near_misses=missed,
        )
        return canonical_json(plain | {"passed_over": self.passed_over})

    @classmethod
    def load(cls, text: str) -> "RouteExplanation":
        """Read what ``dump`` wrote."""
        raw: dict[str, Any] = json.loads(text)
        asked = raw["question"]
        return cls(
            table=raw["table"],
            question=RoutingQuestion(
                type=TypeKey.parse(asked["type"]),
                cell=asked.get("cell"),
                source=Source(asked["source"]),
                on=date.fromisoformat(asked["on"]),
            ),
            match=_load_match(raw["match"]) if "match" in raw else None,
            passed_over=raw["passed_over"],
            near_misses=tuple(
                NearMiss(rule=miss["rule"], unit=miss["unit"], failed=Criterion(miss["failed"]))
                for miss in raw.get("near_misses", ())
            ),
        )

    def sentence(self, lang: Language, name_of: Callable[[str], str] = str) -> str:
        """Say it in one sentence.

        Parameters
        ----------
        lang
            Chinese or English.
        name_of
            Turns a unit's or type's code into a name; by default codes are shown as they are.
        """
        return _chinese(self, name_of) if lang == "zh" else _english(self, name_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Answer of the routing table.

    Parameters
    ----------
    unit
        None when no rule matched: the case stands in the queue of unrouted cases.
    """

    unit: UnitCode | None
    explanation: RouteExplanation

    @property
    def rule(self) -> str | None:
        """Id of the winning rule."""
        return self.explanation.match.rule if self.explanation.match else None

    def dump(self) -> str:
        """Write the explanation as canonical JSON."""
        return self.explanation.dump()


def _dump_match(match: RouteMatch) -> dict[str, object]:
    return _without_empty(
        rule=match.rule,
        unit=match.unit,
        type=match.type,
        area=match.area,
        source=match.source,
        valid_from=match.valid_from.isoformat(),
        valid_to=match.valid_to.isoformat() if match.valid_to else None,
        why_zh=match.why_zh,
        why_en=match.why_en,
    )


def _load_match(raw: dict[str, Any]) -> RouteMatch:
    return RouteMatch(
        rule=raw["rule"],
        unit=raw["unit"],
        type=raw["type"],
        area=raw.get("area"),
        source=Source(raw["source"]) if "source" in raw else None,
        valid_from=date.fromisoformat(raw["valid_from"]),
        valid_to=date.fromisoformat(raw["valid_to"]) if "valid_to" in raw else None,
        why_zh=raw.get("why_zh", ""),
        why_en=raw.get("why_en", ""),
    )


def _without_empty(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


_SOURCES = {
    Source.INSPECTOR: ("监督员上报", "an inspector"),
    Source.HOTLINE: ("热线", "the hotline"),
    Source.PUBLIC: ("公众举报", "the public"),
    Source.VIDEO: ("视频巡查", "video patrol"),
    Source.CAMERA: ("智能抓拍", "a camera"),
    Source.PETITION: ("信访", "a petition"),
    Source.MEDIA: ("媒体反映", "the media"),
    Source.LEADER: ("领导交办", "a leader"),
    Source.SUPERIOR: ("上级交办", "a superior centre"),
    Source.DEPARTMENT: ("部门移交", "a department"),
}
_CRITERIA = {
    Criterion.TYPE: ("类型", "the type"),
    Criterion.AREA: ("区域", "the area"),
    Criterion.SOURCE: ("来源", "the source"),
    Criterion.DATE: ("有效期", "the dates"),
}


def _chinese(told: RouteExplanation, name_of: Callable[[str], str]) -> str:
    asked = told.question
    missed = "，".join(
        f"{name_of(miss.unit)}的规则 {miss.rule} 仅{_CRITERIA[miss.failed][0]}不符" for miss in told.near_misses
    )
    match = told.match
    if match is None:
        place = f"网格 {asked.cell}" if asked.cell else "位置未定"
        near = f"；其中{missed}" if missed else ""
        return (
            f"路由表 {told.table} 的 {told.passed_over} 条规则均不适用于“{name_of(str(asked.type))}”"
            f"（{place}，来源：{_SOURCES[asked.source][0]}，{asked.on}）{near}；需由派遣员指定处置单位。"
        )
    limits = [f"区域 {match.area}" if match.area else "", _SOURCES[match.source][0] if match.source else ""]
    within = f"（{'，'.join(part for part in limits if part)}）" if any(limits) else ""
    why = f"，依据：{match.why_zh.rstrip('。')}" if match.why_zh else ""
    over = f"；排在前面的 {told.passed_over} 条规则不适用" if told.passed_over else ""
    near = f"，其中{missed}" if missed else ""
    return (
        f"按路由表 {told.table} 的规则 {match.rule}（{match.valid_from} 起有效），"
        f"“{name_of(str(asked.type))}”{within}由{name_of(match.unit)}处置{why}{over}{near}。"
    )


def _english(told: RouteExplanation, name_of: Callable[[str], str]) -> str:
    asked = told.question
    missed = ", ".join(
        f"rule {miss.rule} of {name_of(miss.unit)} failed on {_CRITERIA[miss.failed][1]} only"
        for miss in told.near_misses
    )
    match = told.match
    if match is None:
        place = f"in cell {asked.cell}" if asked.cell else "at an unknown place"
        near = f"; {missed}" if missed else ""
        return (
            f"None of the {told.passed_over} rules of routing table {told.table} applies to "
            f"{name_of(str(asked.type))} {place} from {_SOURCES[asked.source][1]} on {asked.on}{near}; "
            f"a dispatcher has to name the unit."
        )
    area = f" in area {match.area}" if match.area else ""
    source = f" from {_SOURCES[match.source][1]}" if match.source else ""
    why = f", because: {match.why_en.rstrip('.')}" if match.why_en else ""
    rules = "rule" if told.passed_over == 1 else "rules"
    over = f"; {told.passed_over} earlier {rules} did not apply" if told.passed_over else ""
    near = f": {missed}" if missed else ""
    return (
        f"Rule {match.rule} of routing table {told.table}, in force from {match.valid_from}, gives "
        f"{name_of(str(asked.type))}{area}{source} to {name_of(match.unit)}{why}{over}{near}."
    )
