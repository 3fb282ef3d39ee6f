"""What an inspector's phone holds a copy of, and what of it changed since it last asked.

The phone keeps the tasks asked of its owner, the owner's open cases, the places of campaigns still to be visited, the
unit cells of the duty area and the catalogue. A cursor says up to which line of history it knows: what concerns the
owner and moved after it is told anew, as it is now, or named as gone. Lines are taken only once no earlier one can
come any more (``gridcase.store.feed``), so that none is skipped.
"""

import base64
import binascii
import hashlib
import json
import weakref
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from gridcase.domain.actor import Actor, ScopeKind
from gridcase.domain.case import TypeKey
from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER, Feature, Ring
from gridcase.grid.index import GridIndex
from gridcase.grid.metric import metres_per_unit
from gridcase.services.runtime import Runtime
from gridcase.services.steps.layering import bounds_of, feature_bounds
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.usual_types import usual_types
from gridcase.store import syncing as store
from gridcase.store.database import Tx
from gridcase.store.feed import Cursor, settled_until
from gridcase.store.syncing import HeldCase, HeldPlace, HeldTask

__all__ = ["HeldCase", "HeldPlace", "HeldTask", "PhoneGrid", "Synced", "sync"]

#: Cases told at once; a phone asks again while there are more.
PAGE = 200
#: A phone that was away longer begins anew: places that ended before are not named as gone any more.
_MOST_DAYS_AWAY = 30
_ROSTER_AHEAD = timedelta(days=7)
#: Cells around the duty area that a phone holds too, so that a point at its border is not taken for one outside.
_MARGIN_M = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneGrid:
    """Unit cells for a phone, as one text that is made once.

    Parameters
    ----------
    body
        ``tolerance_m``, ``cells`` (code, name, parts of rings) and ``communities`` (code, name). A ring is a flat
        list: its first vertex in whole units of 1e-7 degree, then the steps from vertex to vertex; the last is not
        repeated.
    """

    digest: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """An answer to a phone.

    Parameters
    ----------
    is_reset
        What the phone holds is to be forgotten first: it begins anew.
    held
        Cases that moved, as they are now; the phone keeps of each what ``is_mine`` and open tasks say.
    waiting, ended
        Places still to be visited, and those that need no visit any more; None when nothing changed.
    usual
        Types filed most lately by this person, then by anybody here.
    is_last
        False when the phone should ask again at once.
    """

    cursor: str
    is_reset: bool
    held: tuple[HeldCase, ...]
    waiting: tuple[HeldPlace, ...] | None
    ended: tuple[tuple[str, int], ...]
    grid: PhoneGrid
    usual: tuple[TypeKey, ...]
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a cursor says.

    Parameters
    ----------
    who
        Of whom, in which role and scope: another one begins anew.
    known
        Line of history up to which the phone knows everything.
    until
        Line up to which the pages now being told go; None between two rounds.
    after
        Identity of the case told last in this round.
    is_first
        Whether this round tells everything there is.
    places
        Digest of the campaign places told.
    """

    who: str
    on: date
    known: Cursor
    until: Cursor | None
    after: int
    is_first: bool
    places: str


def sync(rt: Runtime, actor: Actor, reference: Reference, cursor: str | None) -> Synced:
    """Tell a phone what changed since its cursor; without one, or with one that cannot be used, everything.

    Six to eight statements, however much there is.
    """
    now = rt.clock.now()
    today = now.astimezone(rt.settings.zone).date()
    asked = _read(cursor, _who(actor), today)
    with rt.database.reading() as tx:
        place = asked or _beginning(_who(actor), today)
        until = place.until or settled_until(tx)
        ids = _ids(tx, actor, place, until)
        shown = ids[:PAGE]
        is_last = len(ids) <= PAGE
        held = store.held_cases(tx, actor, shown)
        waiting = store.waiting_places(tx, actor.person, today)
        told = _digest([asdict(one) for one in waiting])
        is_news = told != place.places
        since = today - timedelta(days=_MOST_DAYS_AWAY)
        ended = store.ended_places(tx, actor.person, today, since) if is_news and asked else ()
        areas = _areas(actor, store.rostered_areas(tx, actor.person, now, now + _ROSTER_AHEAD))
        usual = usual_types(rt.database, tx, actor, now)
    after = _Place(
        who=place.who,
        on=today,
        known=until if is_last else place.known,
        until=None if is_last else until,
        after=0 if is_last else shown[-1],
        is_first=place.is_first and not is_last,
        places=told,
    )
    return Synced(
        cursor=_write(after),
        is_reset=asked is None,
        held=held,
        waiting=waiting if is_news else None,
        ended=ended,
        grid=phone_grid(reference, areas),
        usual=usual,
        is_last=is_last,
    )


def phone_grid(reference: Reference, areas: tuple[str, ...]) -> PhoneGrid:
    """Return the unit cells of some areas and those around them; made once for each version of the grid."""
    made = _GRIDS.setdefault(reference.grid, {})
    if areas not in made:
        made[areas] = _phone_grid(reference, areas)
    return made[areas]


_GRIDS: weakref.WeakKeyDictionary[GridIndex, dict[tuple[str, ...], PhoneGrid]] = weakref.WeakKeyDictionary()


def _phone_grid(reference: Reference, areas: tuple[str, ...]) -> PhoneGrid:
    units = {code: feature for (layer, code), feature in reference.features.items() if layer == UNIT_LAYER}
    cells = _with_margin(units, areas)
    communities = sorted({community_of(cell.code) for cell in cells})
    named = [(code, reference.features.get((COMMUNITY_LAYER, code))) for code in communities]
    body = {
        "tolerance_m": reference.grid.tolerance_m,
        "layer": UNIT_LAYER,
        "cells": [[cell.code, cell.name, _parts(cell)] for cell in cells],
        "communities": [[code, feature.name] for code, feature in named if feature is not None],
    }
    return PhoneGrid(digest=_digest(body), body=body)


def _with_margin(units: dict[str, Feature], areas: tuple[str, ...]) -> list[Feature]:
    """Return the cells of the areas and those whose bounds come near theirs, by code."""
    inside = [feature for code, feature in units.items() if code.startswith(areas)]
    if not inside:
        return []
    west, south, east, north = bounds_of(inside)
    east_m, north_m = metres_per_unit((south + north) // 2)
    wide, high = _MARGIN_M / east_m, _MARGIN_M / north_m
    near_by = []
    for feature in units.values():
        left, low, right, top = feature_bounds(feature)
        if right >= west - wide and left <= east + wide and top >= south - high and low <= north + high:
            near_by.append(feature)
    return sorted(near_by, key=lambda one: one.code)


def _parts(cell: Feature) -> list[list[list[int]]]:
    return [[_steps(ring) for ring in (part.outer, *part.holes)] for part in cell.geometry]


def _steps(ring: Ring) -> list[int]:
    flat: list[int] = []
    before_x = before_y = 0
    for x, y in ring[:-1]:
        flat += [x - before_x, y - before_y]
        before_x, before_y = x, y
    return flat


def _ids(tx: Tx, actor: Actor, place: _Place, until: Cursor) -> tuple[int, ...]:
    """Return the cases to be told next, one more than a page when there are more."""
    if place.is_first:
        return store.held_ids(tx, actor, place.after, PAGE + 1)
    return store.moved_ids(tx, actor, (place.known, until), place.after, PAGE + 1)


def _areas(actor: Actor, rostered: tuple[str, ...]) -> tuple[str, ...]:
    granted = (actor.scope.value,) if actor.scope.kind is ScopeKind.AREA else ()
    return tuple(sorted({*granted, *rostered})) or ("",)


def _beginning(who: str, on: date) -> _Place:
    return _Place(who=who, on=on, known=Cursor(), until=None, after=0, is_first=True, places="")


def _who(actor: Actor) -> str:
    return _digest([actor.person, actor.role, actor.scope.kind, actor.scope.value])


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(place: _Place) -> str:
    until = None if place.until is None else [place.until.txn, place.until.id]
    said = [
        place.who,
        place.on.isoformat(),
        [place.known.txn, place.known.id],
        until,
        place.after,
        place.is_first,
        place.places,
    ]
    return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(text: str | None, who: str, today: date) -> _Place | None:
    """Read a cursor; None when there is none, it is no cursor of ours, of somebody else, or too old to go on from.

    It is not signed: whatever it says, a phone is told what its owner may see, and nothing else.
    """
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        of, on, known, until, after, is_first, places = json.loads(base64.urlsafe_b64decode(padded))
        place = _Place(
            who=str(of),
            on=date.fromisoformat(on),
            known=_line(known),
            until=None if until is None else _line(until),
            after=_whole(after),
            is_first=is_first is True,
            places=str(places),
        )
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        return None
    is_fresh = timedelta() <= today - place.on <= timedelta(days=_MOST_DAYS_AWAY)
    return place if place.who == who and is_fresh else None


def _line(raw: Any) -> Cursor:
    txn, identity = raw
    return Cursor(txn=_whole(txn, _MOST_TXN), id=_whole(identity))


def _whole(raw: Any, most: int = 2**31 - 1) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= most:
        raise ValueError
    return raw


_MOST_TXN = 2**63 - 1
