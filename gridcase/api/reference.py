"""Reference data over HTTP: the catalogue of types and the units."""

from typing import Any

from flask import request

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import ItemsSchema, TypeListSchema, answers
from gridcase.domain.case import UnitCode
from gridcase.edge.runtime import calling, language
from gridcase.edge.texts import Language
from gridcase.workflow.catalogue import CaseType, FilingCondition
from gridcase.workflow.units import Unit

reference = ApiBlueprint("reference", description="Catalogue and units")


@reference.route("/types", methods=["GET"])
@reference.doc(summary="The catalogue", responses=answers((200, "Every type", TypeListSchema)))
def types() -> dict[str, Any]:
    """Return every case type with its filing conditions and limits."""
    spoken = language()
    catalogue = calling().reference.rules.catalogue
    return {
        "version": catalogue.version,
        "items": [type_view(one, spoken) for one in catalogue.types],
        "next_cursor": None,
    }


@reference.route("/units", methods=["GET"])
@reference.doc(summary="The units", responses=answers((200, "Every unit", ItemsSchema)))
def units() -> dict[str, Any]:
    """Return every handling unit; ``value`` and ``label`` serve forms."""
    spoken = language()
    known = calling().reference.rules.units
    above = request.args.get("below")
    shown = known.units if above is None else known.working_for(UnitCode(above))
    return {"items": [_unit(one, spoken) for one in shown], "next_cursor": None}


def type_view(one: CaseType, spoken: Language) -> dict[str, Any]:
    """Return a case type with its filing conditions and limits."""
    return {
        "scheme": one.key.scheme,
        "kind": one.key.kind,
        "code": one.key.code,
        "name": one.name_zh if spoken is Language.ZH else one.name_en,
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "major_name": one.major_name,
        "self_handled": one.self_handled,
        "conditions": [_condition(condition, spoken) for condition in one.conditions],
    }


def _condition(condition: FilingCondition, spoken: Language) -> dict[str, Any]:
    chinese = spoken is Language.ZH
    limit = condition.limit
    return {
        "code": condition.code,
        "text": condition.text_zh if chinese else condition.text_en,
        "limit": {"amount": format(limit.amount.normalize(), "f"), "unit": limit.unit} if limit else None,
        "closing": condition.closing_zh if chinese else condition.closing_en,
        "confirmed": condition.confirmed,
    }


def _unit(one: Unit, spoken: Language) -> dict[str, Any]:
    name = one.name_zh if spoken is Language.ZH else one.name_en
    return {
        "code": one.code,
        "name": name,
        "value": one.code,
        "label": name,
        "parent": one.parent,
        "kind": one.kind,
    }
