"""Roster, delegations and campaigns as other programs read them; instants in the instance's zone."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridcase.domain.place import E7
from gridcase.services.campaigning import CampaignPlace, CampaignState
from gridcase.services.delegating import Delegated
from gridcase.services.rostering import Shift

Json = dict[str, Any]


def shift_view(one: Shift, zone: ZoneInfo) -> Json:
    """Return a shift."""
    return {
        "id": one.id,
        "username": one.username,
        "name": one.name,
        "area": one.area,
        "starts_at": _instant(one.starts_at, zone),
        "ends_at": _instant(one.ends_at, zone),
    }


def delegation_view(one: Delegated, zone: ZoneInfo) -> Json:
    """Return a delegation."""
    return {
        "id": one.id,
        "role": one.role,
        "holder": one.holder,
        "to": one.to,
        "scope": {"kind": one.scope.kind, "value": one.scope.value},
        "starts_at": _instant(one.starts_at, zone),
        "ends_at": _instant(one.ends_at, zone),
    }


def campaign_summary(state: CampaignState) -> Json:
    """Return a campaign as a list shows it."""
    one = state.campaign
    return {
        "code": one.code,
        "name": one.name,
        "first_day": one.first_day.isoformat(),
        "last_day": one.last_day.isoformat(),
        "running": state.is_running,
        "progress": asdict(state.progress),
    }


def campaign_view(state: CampaignState, zone: ZoneInfo) -> Json:
    """Return a campaign with its places."""
    return campaign_summary(state) | {"places": [_place(one, zone) for one in state.places]}


def _place(one: CampaignPlace, zone: ZoneInfo) -> Json:
    return {
        "number": one.number,
        "name": one.name,
        "lon": None if one.lon_e7 is None else one.lon_e7 / E7,
        "lat": None if one.lat_e7 is None else one.lat_e7 / E7,
        "cell": one.cell,
        "inspector": one.inspector_name,
        "visited_at": _instant(one.visited_at, zone),
        "observed_at": _instant(one.observed_at, zone),
        "seen": _seen(one),
        "attachments": list(one.photos),
        "doubts": list(one.doubts),
        "override_reason": one.override_reason,
        "result": one.result,
        "note": one.note,
        "case": one.case,
    }


def _seen(one: CampaignPlace) -> Json | None:
    """Return where the visitor stood; None when that is not known, or erased."""
    if one.seen_lon_e7 is None or one.seen_lat_e7 is None:
        return None
    return {"lon": one.seen_lon_e7 / E7, "lat": one.seen_lat_e7 / E7, "accuracy_m": one.accuracy_m}


def _instant(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return instant.astimezone(zone).isoformat() if instant else None
