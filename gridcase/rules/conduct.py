"""Conduct documents to the typed conduct and back.

One document is one conduct. Every stage limit must be written down: one nobody chose is one nobody knows.
Source: ``config/conduct/``; domain §4 and §5.
"""

import re
from datetime import time
from itertools import pairwise
from types import MappingProxyType

from gridcase.domain.case import Action, Source
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import TimeLimit
from gridcase.rules.catalogue import AREA_CLASS, VERSION
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.fields import Node, Reading
from gridcase.rules.yaml_text import Plain
from gridcase.workflow.conduct import CONDUCT_STAGES, WRONG_UNIT, CalendarRule, Conduct, Reason
from gridcase.workflow.recurrence import Nearness, RecurrenceRule
from gridcase.workflow.routing import TypePattern
from gridcase.workflow.timetable import Approval, Milestone, Timetable
from gridcase.workflow.trust import Strictness, TrustRule

_AREA = re.compile(r"[0-9A-Z]{2,15}")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FARTHEST_M = 100_000
_MOST_RETURNS = 20
_FARTHEST_REPEAT_M = 1000
_LONGEST_REPEAT_DAYS = 366
_LATEST_WORKING_DAY = 60


def parse_conduct(document: Document) -> Conduct:
    """Make the conduct of a document.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every mistake and its place.
    """
    reading = Reading()
    conduct = read_conduct(document, reading)
    reading.raise_if_any()
    return conduct


def read_conduct(document: Document, reading: Reading) -> Conduct:
    """Make the conduct and put mistakes into ``reading``."""
    root = Node.root(reading, document)
    root.optional_text("note")
    reasons = root.node("reasons")
    reassign = _reasons(reasons, "reassign")
    if WRONG_UNIT not in {reason.code for reason in reassign}:
        reasons.refuse("reassign", "reason_missing", reason=WRONG_UNIT)
    conduct = Conduct(
        version=root.code("version", VERSION),
        confirmed=root.flag("confirmed", default=True),
        calendar=root.text("calendar"),
        stage_limits=_stage_limits(root.node("stage_limits")),
        auto_register_sources=frozenset(root.choices("auto_register_sources", Source)),
        auto_dispatch=root.flag("auto_dispatch", default=False),
        photo_required=frozenset(root.choices("photo_required", Action)),
        void_reasons=_reasons(reasons, "void"),
        return_reasons=_reasons(reasons, "return"),
        reassign_reasons=reassign,
        waive_reasons=_reasons(reasons, "waive"),
        extension_reasons=_reasons(reasons, "extension"),
        suspension_reasons=_reasons(reasons, "suspension"),
        transfer_bodies=_reasons(root, "transfer_bodies"),
        check_distance_m=root.whole("check_distance_m", least=1, most=_FARTHEST_M),
        allowed_returns=root.whole("allowed_returns", least=0, most=_MOST_RETURNS),
        allowed_extensions=root.whole("allowed_extensions", least=0, most=_MOST_RETURNS),
        reopen_days=root.whole("reopen_days", least=0, most=_MOST_RETURNS),
        reinspect_percent=root.whole("reinspect_percent", least=0, most=100),
        warn_percent=root.whole("warn_percent", least=1, most=99),
        calendar_rules=tuple(_calendar_rule(node) for node in root.nodes("calendar_rules"))
        if root.has("calendar_rules")
        else (),
        area_classes=_area_classes(root.optional_node("area_classes")),
        recurrence=_recurrence(root.optional_node("recurrence")),
        timetable=_timetable(root.optional_node("assessment")),
        trust=_trust(root.optional_node("trust")),
    )
    reasons.done()
    root.done()
    return conduct


def conduct_document(conduct: Conduct, name: str) -> Document:
    """Write a conduct as a document; parsing it gives an equal conduct."""
    limits: dict[str, Plain] = {
        stage.value: {"normal": str(normal), "urgent": str(urgent)}
        for stage, (normal, urgent) in conduct.stage_limits.items()
    }
    body: dict[str, Plain] = {
        "version": conduct.version,
        "confirmed": conduct.confirmed,
        "calendar": conduct.calendar,
        "stage_limits": limits,
        "auto_register_sources": [source.value for source in sorted(conduct.auto_register_sources)],
        "auto_dispatch": conduct.auto_dispatch,
        "photo_required": [action.value for action in sorted(conduct.photo_required)],
        "check_distance_m": conduct.check_distance_m,
        "allowed_returns": conduct.allowed_returns,
        "allowed_extensions": conduct.allowed_extensions,
        "reopen_days": conduct.reopen_days,
        "reinspect_percent": conduct.reinspect_percent,
        "warn_percent": conduct.warn_percent,
        "transfer_bodies": _plain(conduct.transfer_bodies),
        "calendar_rules": [
            {
                "calendar": rule.calendar,
                "types": [str(pattern) for pattern in rule.types],
                "areas": list(rule.areas),
            }
            for rule in conduct.calendar_rules
        ],
        "reasons": {
            "void": _plain(conduct.void_reasons),
            "return": _plain(conduct.return_reasons),
            "reassign": _plain(conduct.reassign_reasons),
            "waive": _plain(conduct.waive_reasons),
            "extension": _plain(conduct.extension_reasons),
            "suspension": _plain(conduct.suspension_reasons),
        },
    }
    if conduct.recurrence != RecurrenceRule():
        body["recurrence"] = _plain_recurrence(conduct.recurrence)
    if conduct.timetable != Timetable():
        body["assessment"] = _plain_timetable(conduct.timetable)
    if conduct.trust != TrustRule():
        body["trust"] = _plain_trust(conduct.trust)
    if conduct.area_classes:
        body["area_classes"] = dict(conduct.area_classes)
    return Document(kind=DocumentKind.CONDUCT, name=name, body=body)


def _area_classes(node: Node) -> MappingProxyType[str, str]:
    classes = {area: node.code(area, AREA_CLASS) for area in node.values}
    for area in classes:
        if _AREA.fullmatch(area) is None:
            node.refuse(area, "code_shape", value=area)
    node.done()
    return MappingProxyType(classes)


def _recurrence(node: Node) -> RecurrenceRule:
    """Read what counts as a recurrence; a type names only what differs from the rest."""
    default = _nearness(node, Nearness())
    types = node.optional_node("types")
    rules: list[tuple[TypePattern, Nearness]] = []
    for text in types.values:
        child = types.node(text)
        near = _nearness(child, default)
        child.done()
        try:
            rules.append((TypePattern.parse(text), near))
        except ValueError:
            types.refuse(text, "type_pattern_expected", value=text)
    types.done()
    node.done()
    return RecurrenceRule(default=default, types=tuple(rules))


def _nearness(node: Node, otherwise: Nearness) -> Nearness:
    return Nearness(
        distance_m=node.whole("distance_m", least=0, most=_FARTHEST_REPEAT_M)
        if node.has("distance_m")
        else otherwise.distance_m,
        days=node.whole("days", least=0, most=_LONGEST_REPEAT_DAYS) if node.has("days") else otherwise.days,
    )


def _plain_recurrence(rule: RecurrenceRule) -> dict[str, Plain]:
    types: dict[str, Plain] = {str(pattern): _plain_nearness(near) for pattern, near in rule.types}
    return _plain_nearness(rule.default) | ({"types": types} if types else {})


def _plain_nearness(near: Nearness) -> dict[str, Plain]:
    return {"distance_m": near.distance_m, "days": near.days}


#: Doubts, and numbers with the least and the most that they may be.
_DOUBTS = ("too_far", "no_place", "photo_old", "photo_known")
_TRUST_NUMBERS = {
    "clock_minutes": (1, 1440),
    "clock_jump_minutes": (1, 1440),
    "offline_hours": (1, 24 * 31),
    "speed_kmh": (20, 1000),
    "burst_checks": (2, 100),
    "burst_minutes": (1, 1440),
    "burst_distance_m": (0, _FARTHEST_M),
    "evidence_months": (0, 120),
}


def _trust(node: Node) -> TrustRule:
    """Read how strictly evidence is taken; what is left out is as by default."""
    given: dict[str, Strictness | int] = {name: node.choice(name, Strictness) for name in _DOUBTS if node.has(name)}
    for name, (least, most) in _TRUST_NUMBERS.items():
        if node.has(name):
            given[name] = node.whole(name, least=least, most=most)
    node.done()
    return TrustRule(**given)  # type: ignore[arg-type]  # each name has the kind it was read as


def _plain_trust(rule: TrustRule) -> dict[str, Plain]:
    doubts: dict[str, Plain] = {name: str(getattr(rule, name)) for name in _DOUBTS}
    return doubts | {name: getattr(rule, name) for name in _TRUST_NUMBERS}


_MILESTONES = ("draft", "cut_off", "publicity_ends", "decided", "approved")


def _timetable(node: Node) -> Timetable:
    """Read the month's timetable; a milestone that is left out is the default one, and they must ascend."""
    otherwise = Timetable()
    milestones = {name: _milestone(node, name, getattr(otherwise, name)) for name in _MILESTONES}
    timetable = Timetable(
        **milestones,
        approval=node.choice("approval", Approval) if node.has("approval") else otherwise.approval,
        rule_sets=node.texts("rule_sets") if node.has("rule_sets") else (),
    )
    for (_, earlier), (name, later) in pairwise(milestones.items()):
        if (earlier.working_day, earlier.at) > (later.working_day, later.at):
            node.refuse(name, "milestone_too_early")
    node.done()
    return timetable


def _milestone(parent: Node, name: str, otherwise: Milestone) -> Milestone:
    if not parent.has(name):
        return otherwise
    node = parent.node(name)
    working_day, text = node.whole("working_day", least=1, most=_LATEST_WORKING_DAY), node.text("at")
    node.done()
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = otherwise.at
        if text:
            node.refuse("at", "time_of_day_expected", value=text)
    return Milestone(working_day=working_day, at=at)


def _plain_timetable(timetable: Timetable) -> Plain:
    milestones: dict[str, Plain] = {
        name: {"working_day": one.working_day, "at": f"{one.at:%H:%M}"}
        for name in _MILESTONES
        if (one := getattr(timetable, name)) is not None
    }
    return milestones | {"approval": timetable.approval.value, "rule_sets": list(timetable.rule_sets)}


def _stage_limits(node: Node) -> MappingProxyType[LimitedStage, tuple[TimeLimit, TimeLimit]]:
    limits = {stage: _two_limits(node.node(stage.value)) for stage in CONDUCT_STAGES}
    node.done()
    return MappingProxyType(limits)


def _two_limits(node: Node) -> tuple[TimeLimit, TimeLimit]:
    normal, urgent = node.limit("normal"), node.limit("urgent")
    if node.has("urgent") and not urgent.unit.is_urgent:
        node.refuse("urgent", "urgent_unit_expected", value=str(urgent))
    node.done()
    return normal, urgent


def _calendar_rule(node: Node) -> CalendarRule:
    types: list[TypePattern] = []
    for text in node.texts("types") if node.has("types") else ():
        try:
            types.append(TypePattern.parse(text))
        except ValueError:
            node.refuse("types", "type_pattern_expected", value=text)
    rule = CalendarRule(
        calendar=node.text("calendar"),
        types=tuple(types),
        areas=node.texts("areas") if node.has("areas") else (),
    )
    node.done()
    return rule


def _reasons(node: Node, name: str) -> tuple[Reason, ...]:
    reasons: dict[str, Reason] = {}
    for child in node.nodes(name):
        reason = Reason(code=child.code("code", _REASON), zh=child.text("zh"), en=child.text("en"))
        child.done()
        if reason.code in reasons:
            child.refuse("code", "duplicate_reason", reason=reason.code)
        reasons[reason.code] = reason
    if not reasons:
        node.refuse(name, "list_empty")
    return tuple(reasons.values())


def _plain(reasons: tuple[Reason, ...]) -> Plain:
    return [{"code": reason.code, "zh": reason.zh, "en": reason.en} for reason in reasons]
