"""Every route as an attacker would ask for it: what stands in its place-holders, and with which queries.

A new route with a place-holder that stands in no table here makes ``test_matrix`` fail; a new route that changes
something is tried by ``test_cross_site`` without being named.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

#: Files that are the same for everybody, and what machines ask (it has a guard of its own).
SAME_FOR_ALL = {
    "/static/<path:filename>",
    "/docs/ui/<name>",
    "/docs",
    "/api/v1/openapi.json",
    "/metrics",
    "/healthz",
    "/readyz",
}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the attacker is after, and what they know of it.

    Parameters
    ----------
    numbers, photos
        Of cases, the hidden one among them.
    words
        Part of the hidden texts, to search for; never the whole of any.
    """

    numbers: tuple[str, ...]
    photos: tuple[str, ...]
    words: str


def placeholders(target: Target) -> dict[str, tuple[str, ...]]:
    """Return what to put into each place-holder by its name."""
    return {
        "number": target.numbers,
        "period": ("2026-10",),
        "subject": ("NDJ-HW",),
        "code": ("320404005004001", "no-such"),
        "action": ("urge", "comment", "supervise"),
        "act": ("approve",),
        "what": ("decide",),
        "layer": ("unit", "community"),
        "kind": ("catalogue", "rules"),
        "delivery": ("1",),
        "username": ("inspector2", "other_unit"),
        "person": ("2",),
        "name": ("default",),
        "view": ("1",),
        "z": ("16",),
        "x": ("1",),
        "y": ("1",),
    }


#: Where the same name means something else than in other routes.
OWN_PLACEHOLDERS = {"/api/v1/attachments/<string:identity>": {"identity": "photos"}}


def queries(rule: str, target: Target) -> tuple[dict[str, str], ...]:
    """Return what to ask a route besides nothing: searches, filters, and other people's cases by name."""
    hidden = target.numbers[-1]
    if rule == "/api/v1/cases":
        return (
            {"q": target.words},
            {"unit": "NDJ-HW"},
            {"area": "320404005004"},
            {"order": "due"},
            {"lead": hidden},
            {"overdue": "true"},
            {"bbox": "119.0,31.0,121.0,32.5"},
        )
    if rule.startswith("/api/"):
        return OWN_QUERIES.get(rule, ())
    return (
        {"q": target.words, "number": hidden, "case": hidden, "cases": hidden},
        {"unit": "NDJ-HW", "area": "320404005004", "view": "all", "order": "filed"},
        {"bbox": "119.0,31.0,121.0,32.5", "lon": "119.96", "lat": "31.77", "by": "unit", "period": "2026-10"},
    )


OWN_QUERIES: dict[str, tuple[dict[str, str], ...]] = {
    "/api/v1/cases/nearby": (
        {"lon": "119.96", "lat": "31.77", "type": "GBT47678.5-2026/event/09012", "radius_m": "500"},
    ),
    "/api/v1/recurrences": ({"state": "found"},),
}


def asked_of(app: Flask) -> tuple[Rule, ...]:
    """Return the rules whose answers may depend on who asks."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    return tuple(sorted((rule for rule in rules if rule.rule not in SAME_FOR_ALL), key=lambda rule: rule.rule))


def changing(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Yield every method and rule that changes something."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & CHANGING):
            yield method, rule


def paths(rule: Rule, target: Target) -> Iterator[str]:
    """Yield the addresses of a rule with everything that may stand in its place-holders.

    Raises
    ------
    LookupError
        A place-holder stands in no table.
    """
    known = placeholders(target)
    found: list[tuple[str, tuple[str, ...]]] = []
    for name in re.findall(r"<(?:[^:>]+:)?(\w+)>", rule.rule):
        own = OWN_PLACEHOLDERS.get(rule.rule, {}).get(name)
        is_whole = f"<int:{name}>" in rule.rule
        values = ("1", "2") if is_whole else target.photos if own == "photos" else known.get(name)
        if values is None:
            message = f"{rule.rule}: say in tests/security/routes.py what may stand for <{name}>"
            raise LookupError(message)
        found.append((name, values))
    for chosen in itertools.product(*(values for _, values in found)):
        path = rule.rule
        for (name, _), value in zip(found, chosen, strict=True):
            path = re.sub(rf"<(?:[^:>]+:)?{name}>", lambda _: value, path)  # noqa: B023 - used at once
        yield path


def requests_of(rule: Rule, target: Target) -> Iterator[dict[str, Any]]:
    """Yield everything to ask of a rule, as arguments of the test client."""
    is_page = not rule.rule.startswith("/api/")
    for path in paths(rule, target):
        for query in ({}, *queries(rule.rule, target)):
            yield {"path": path, "query_string": query, "headers": {"Accept": "text/html" if is_page else "*/*"}}
        if is_page:
            yield {"path": path, "headers": {"Accept": "text/html", "HX-Request": "true"}}
