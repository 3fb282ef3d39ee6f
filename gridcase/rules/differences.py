"""What is different between two bodies of a document, place by place, for people.

Items of a list are matched by what names them (``code``, ``id``, ``year``, ``name`` …), so that an item put in between
changes one line and not all that follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gridcase.rules.yaml_text import Plain, write_yaml

#: What names an item, the first that all items of both lists have and that differs within each.
_NAMES = ("id", "code", "scheme kind code", "year", "first", "valid_from", "name", "source", "area_class")
_MOST_TEXT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place that differs.

    Parameters
    ----------
    path
        Keys and names of items, from the root.
    before, after
        As YAML would write it; None where nothing stood, or stands.
    """

    path: tuple[str, ...]
    before: str | None
    after: str | None


def differences(before: Plain, after: Plain) -> tuple[Difference, ...]:
    """Return every place in which two values differ, in the order of the document.

    Examples
    --------
    >>> [one] = differences({"units": [{"code": "A", "kind": "x"}]}, {"units": [{"code": "A", "kind": "y"}]})
    >>> (one.path, one.before, one.after)
    (('units', 'A', 'kind'), 'x', 'y')
    """
    return tuple(_compare((), before, after))


def _compare(path: tuple[str, ...], before: Plain, after: Plain) -> Iterator[Difference]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _compare_mappings(path, before, after)
        return
    if isinstance(before, list) and isinstance(after, list):
        name = _naming_key(before, after)
        if name is not None:
            yield from _compare_mappings(path, _named(before, name), _named(after, name))
            if before != after and _named(before, name) == _named(after, name):
                order = ", ".join(_named(before, name)), ", ".join(_named(after, name))
                yield Difference(path=path, before=order[0][:_MOST_TEXT], after=order[1][:_MOST_TEXT])
            return
    yield Difference(path=path, before=_shown(before), after=_shown(after))


def _compare_mappings(path: tuple[str, ...], before: dict[str, Plain], after: dict[str, Plain]) -> Iterator[Difference]:
    for key in (*before, *(key for key in after if key not in before)):
        if key not in after:
            yield Difference(path=(*path, key), before=_shown(before[key]), after=None)
        elif key not in before:
            yield Difference(path=(*path, key), before=None, after=_shown(after[key]))
        else:
            yield from _compare((*path, key), before[key], after[key])


def _naming_key(*lists: list[Plain]) -> str | None:
    for name in _NAMES:
        values = [[_name(item, name) for item in items] for items in lists]
        if all(None not in found and len(set(found)) == len(found) for found in values):
            return name
    return None


def _name(item: Plain, key: str) -> str | None:
    if not isinstance(item, dict):
        return None
    values = [item.get(part) for part in key.split()]
    return "/".join(str(value) for value in values) if all(isinstance(one, str | int) for one in values) else None


def _named(items: list[Plain], key: str) -> dict[str, Plain]:
    return {str(_name(item, key)): item for item in items}


def _shown(value: Plain) -> str:
    text = write_yaml({"_": value}).removeprefix("_:").strip("\n").strip()
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} …"
