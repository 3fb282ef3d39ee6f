"""What the subjects of counts are called: units, areas and types by their codes, for people who read tables."""

from collections.abc import Iterable

from gridcase.assessment.selection import CountBy
from gridcase.domain.case import TypeKey, UnitCode
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.store.imports import area_names

#: Layer whose features and imported names tell what an area is called.
_LAYERS = {CountBy.AREA: "community", CountBy.STREET: "street"}


def subject_names(rt: Runtime, by: CountBy, subjects: Iterable[str | None]) -> dict[str, str]:
    """Return the names of subjects that have one; posts have none, so that no person is named."""
    wanted = [one for one in subjects if one is not None]
    reference = rt.reference()
    if by is CountBy.UNIT:
        found = {one: unit.name_zh for one in wanted if (unit := reference.rules.units.by_code.get(UnitCode(one)))}
    elif by is CountBy.TYPE:
        types = {one: reference.rules.catalogue.find(TypeKey.parse(one)) for one in wanted}
        found = {one: known.name_zh for one, known in types.items() if known}
    elif by in _LAYERS:
        found = _area_names(rt, reference, _LAYERS[by], wanted)
    else:
        found = {}
    return {one: name for one, name in found.items() if name}


def _area_names(rt: Runtime, reference: Reference, layer: str, codes: list[str]) -> dict[str, str]:
    with rt.database.reading() as tx:
        imported = area_names(tx, [layer])
    found = {code: imported.get((layer, code), "") for code in codes}
    for code in codes:
        feature = reference.features.get((layer, code))
        if feature is not None and feature.name:
            found[code] = feature.name
    return found
