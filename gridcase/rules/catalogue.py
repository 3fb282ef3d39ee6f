"""Catalogue documents to the typed catalogue and back.

A ``base`` document gives whole types; an ``overlay`` adds types, conditions and limits on top, so that values
without a published source stand apart. Overlays are laid in the order of their names; the later one wins.
The form is described in ``docs/catalogue.md``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TypeVar

from gridcase.domain.case import CaseKind, Scheme, Source, TypeKey
from gridcase.domain.time import TimeLimit
from gridcase.rules.documents import Document, DocumentKind, Severity
from gridcase.rules.fields import Node, Place, Reading
from gridcase.rules.yaml_text import Plain
from gridcase.workflow.catalogue import CaseType, Catalogue, FilingCondition, LimitRule

_CODE = re.compile(r"[0-9A-Z]{4,8}")
_CONDITION = re.compile(r"[0-9a-z_-]{1,16}")
AREA_CLASS = re.compile(r"[0-9A-Za-z_-]{1,16}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,79}")


class Layer(StrEnum):
    """What a catalogue document is for."""

    BASE = "base"
    OVERLAY = "overlay"


def parse_catalogue(documents: Iterable[Document]) -> Catalogue:
    """Make the catalogue of all catalogue documents among ``documents``.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every mistake and its place.
    """
    reading = Reading()
    catalogue = read_catalogue(documents, reading)
    reading.raise_if_any()
    return catalogue


def read_catalogue(documents: Iterable[Document], reading: Reading) -> Catalogue:
    """Make the catalogue and put mistakes into ``reading``; what is wrong is left out of the catalogue."""
    sheets = [_sheet(document, reading) for document in documents if document.kind is DocumentKind.CATALOGUE]
    sheets.sort(key=lambda sheet: (sheet.layer is Layer.OVERLAY, sheet.name))
    drafts: dict[TypeKey, _TypeDraft] = {}
    for sheet in sheets:
        for draft in sheet.types:
            known = drafts.get(draft.key)
            if known is not None and sheet.layer is Layer.BASE:
                at = draft.place
                reading.refuse(at.document, at.path, "duplicate_type", type=str(draft.key))
            drafts[draft.key] = _laid_over(known, draft) if known else draft
    types = [_finished(draft, reading) for draft in sorted(drafts.values(), key=_order)]
    return Catalogue(
        version="+".join(sheet.version for sheet in sheets),
        types=tuple(one for one in types if one is not None),
    )


def catalogue_document(catalogue: Catalogue, name: str) -> Document:
    """Write a catalogue as one base document; parsing it gives an equal catalogue."""
    sources = sorted({one.source for case_type in catalogue.types for one in case_type.conditions if one.source})
    ids = {source: f"s{number}" for number, source in enumerate(sources, start=1)}
    body: dict[str, Plain] = {
        "version": catalogue.version,
        "layer": Layer.BASE.value,
        "sources": {ids[source]: source for source in sources},
        "types": [_plain_type(case_type, ids) for case_type in catalogue.types],
    }
    return Document(kind=DocumentKind.CATALOGUE, name=name, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ConditionDraft:
    """A condition as one document tells it; what is empty or None was not told."""

    place: Place
    code: str
    text_zh: str
    text_en: str
    limit: TimeLimit | None
    limits_by: tuple[LimitRule, ...] | None
    closing_zh: str
    closing_en: str
    confirmed: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypeDraft:
    """A type as one document tells it; what is empty or None was not told."""

    place: Place
    key: TypeKey
    major_name: str
    name_zh: str
    name_en: str
    self_handled: bool | None
    conditions: tuple[_ConditionDraft, ...]


_Draft = TypeVar("_Draft", _TypeDraft, _ConditionDraft)


def _order(draft: _TypeDraft) -> tuple[int, bool, str]:
    """Put the newest scheme first and events, the daily work, before components."""
    return list(Scheme).index(draft.key.scheme), draft.key.kind is CaseKind.COMPONENT, draft.key.code


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One document read."""

    name: str
    version: str
    layer: Layer
    types: tuple[_TypeDraft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Defaults:
    """What a document says once for all its types."""

    scheme: Scheme | None
    confirmed: bool
    sources: dict[str, str]


def _sheet(document: Document, reading: Reading) -> _Sheet:
    root = Node.root(reading, document)
    version = root.code("version", VERSION)
    layer = root.choice("layer", Layer) if root.has("layer") else Layer.BASE
    defaults = _Defaults(
        scheme=root.choice("scheme", Scheme) if root.has("scheme") else None,
        confirmed=root.flag("confirmed", default=True),
        sources=root.pairs("sources"),
    )
    root.optional_text("note")
    drafts: dict[TypeKey, _TypeDraft] = {}
    for node in root.nodes("types"):
        draft = _type_draft(node, defaults)
        if draft.key in drafts:
            node.refuse("code", "duplicate_type", type=str(draft.key))
        drafts[draft.key] = draft
    root.done()
    return _Sheet(name=document.name, version=version, layer=layer, types=tuple(drafts.values()))


def _type_draft(node: Node, defaults: _Defaults) -> _TypeDraft:
    name = node.optional_node("name")
    scheme = node.choice("scheme", Scheme) if node.has("scheme") or not defaults.scheme else defaults.scheme
    draft = _TypeDraft(
        place=node.place,
        key=TypeKey(scheme=scheme, kind=node.choice("kind", CaseKind), code=node.code("code", _CODE)),
        major_name=node.optional_text("major"),
        name_zh=name.optional_text("zh"),
        name_en=name.optional_text("en"),
        self_handled=node.flag("self_handled", default=False) if node.has("self_handled") else None,
        conditions=_condition_drafts(node, defaults),
    )
    name.done()
    node.done()
    return draft


def _condition_drafts(node: Node, defaults: _Defaults) -> tuple[_ConditionDraft, ...]:
    drafts: dict[str, _ConditionDraft] = {}
    for child in node.nodes("conditions"):
        draft = _condition_draft(child, defaults)
        if draft.code in drafts:
            child.refuse("code", "duplicate_condition", condition=draft.code)
        drafts[draft.code] = draft
    return tuple(drafts.values())


def _condition_draft(node: Node, defaults: _Defaults) -> _ConditionDraft:
    text, closing = node.optional_node("text"), node.optional_node("closing")
    source = node.optional_text("source")
    if source and source not in defaults.sources:
        node.refuse("source", "unknown_source", source=source)
    draft = _ConditionDraft(
        place=node.place,
        code=node.code("code", _CONDITION),
        text_zh=text.optional_text("zh"),
        text_en=text.optional_text("en"),
        limit=node.optional_limit("limit"),
        limits_by=_limit_rules(node) if node.has("limits_by") else None,
        closing_zh=closing.optional_text("zh"),
        closing_en=closing.optional_text("en"),
        confirmed=node.flag("confirmed", default=defaults.confirmed),
        source=defaults.sources.get(source, ""),
    )
    for part in (text, closing, node):
        part.done()
    return draft


def _limit_rules(node: Node) -> tuple[LimitRule, ...]:
    rules: dict[tuple[str | None, Source | None], LimitRule] = {}
    for child in node.nodes("limits_by"):
        rule = LimitRule(
            area_class=child.code("area_class", AREA_CLASS) if child.has("area_class") else None,
            source=child.choice("source", Source) if child.has("source") else None,
            limit=child.limit("limit"),
        )
        child.done()
        if not child.has("area_class") and not child.has("source"):
            child.refuse("", "limit_rule_for_all")
        if (rule.area_class, rule.source) in rules:
            child.refuse("", "duplicate_limit_rule")
        rules[rule.area_class, rule.source] = rule
    return tuple(rules.values())


def _laid_over(below: _TypeDraft, above: _TypeDraft) -> _TypeDraft:
    conditions = {draft.code: draft for draft in below.conditions}
    for draft in above.conditions:
        known = conditions.get(draft.code)
        conditions[draft.code] = _told(known, draft) if known else draft
    return replace(_told(below, replace(above, place=below.place)), conditions=tuple(conditions.values()))


def _told(below: _Draft, above: _Draft) -> _Draft:
    """Replace what the upper draft tells; ``confirmed`` is always told."""
    told = {f.name: value for f in fields(above) if (value := getattr(above, f.name)) not in (None, "")}
    return replace(below, **told)


def _finished(draft: _TypeDraft, reading: Reading) -> CaseType | None:
    names = {"major": draft.major_name, "name.zh": draft.name_zh, "name.en": draft.name_en}
    is_whole = _refuse_empty(names, draft.place, reading)
    if not draft.conditions:
        reading.refuse(draft.place.document, draft.place.path, "type_without_condition", type=str(draft.key))
    conditions = tuple(_finished_condition(one, reading) for one in draft.conditions)
    if not is_whole or not conditions:
        return None
    return CaseType(
        key=draft.key,
        major_name=draft.major_name,
        name_zh=draft.name_zh,
        name_en=draft.name_en,
        conditions=conditions,
        self_handled=bool(draft.self_handled),
    )


def _finished_condition(draft: _ConditionDraft, reading: Reading) -> FilingCondition:
    _refuse_empty({"text.zh": draft.text_zh, "text.en": draft.text_en}, draft.place, reading)
    if draft.limit is None and not draft.limits_by:
        reading.note(Severity.NOTICE, draft.place, "condition_without_limit")
    if not draft.confirmed:
        reading.note(Severity.NOTICE, draft.place, "condition_unconfirmed")
    told = {f.name: getattr(draft, f.name) for f in fields(draft) if f.name != "place"}
    return FilingCondition(**(told | {"limits_by": draft.limits_by or ()}))


def _refuse_empty(values: dict[str, str], at: Place, reading: Reading) -> bool:
    """Refuse what no document told; return whether everything was told."""
    missing = [key for key, value in values.items() if not value]
    for key in missing:
        reading.refuse(at.document, f"{at.path}.{key}", "key_missing", key=key)
    return not missing


def _plain_type(case_type: CaseType, ids: dict[str, str]) -> Plain:
    values: dict[str, Plain] = {
        "scheme": case_type.key.scheme.value,
        "kind": case_type.key.kind.value,
        "code": case_type.key.code,
        "major": case_type.major_name,
        "name": {"zh": case_type.name_zh, "en": case_type.name_en},
        "conditions": [_plain_condition(one, ids) for one in case_type.conditions],
    }
    return values | ({"self_handled": True} if case_type.self_handled else {})


def _plain_condition(condition: FilingCondition, ids: dict[str, str]) -> Plain:
    closing: dict[str, Plain] = {
        lang: text for lang, text in (("zh", condition.closing_zh), ("en", condition.closing_en)) if text
    }
    values: dict[str, Plain] = {
        "code": condition.code,
        "text": {"zh": condition.text_zh, "en": condition.text_en},
    }
    if condition.limit:
        values["limit"] = str(condition.limit)
    if condition.limits_by:
        values["limits_by"] = [_plain_rule(rule) for rule in condition.limits_by]
    if closing:
        values["closing"] = closing
    if not condition.confirmed:
        values["confirmed"] = False
    if condition.source:
        values["source"] = ids[condition.source]
    return values


def _plain_rule(rule: LimitRule) -> Plain:
    values: dict[str, Plain] = {"area_class": rule.area_class} if rule.area_class else {}
    return values | ({"source": rule.source.value} if rule.source else {}) | {"limit": str(rule.limit)}
