"""Roster 排班 and delegations 代班 under ``/admin``, for shift leaders and administrators."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import Role
from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.runtime import calling, runtime
from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER
from gridcase.services import delegating, rostering
from gridcase.services.rostering import ImportedRoster
from gridcase.services.steps.reference import Reference
from gridcase.web.console.admin_frame import (
    ROSTER,
    admin_page,
    admin_route,
    as_day,
    given,
    given_instant,
    monday_of,
    said,
    status_of_refusal,
    today,
)
from gridcase.workflow.transitions import PEOPLE

_DAYS = 7


@admin_route("/roster", roles=ROSTER)
def admin_roster() -> Response:
    """Show a week of the roster, area by day."""
    return _roster()


@admin_route("/roster", methods=["POST"], roles=ROSTER)
def admin_add_shift() -> BaseResponse:
    """Put an inspector on duty."""
    try:
        new = rostering.NewShift(
            username=given("username"),
            area=given("area"),
            starts_at=_instant("starts_at"),
            ends_at=_instant("ends_at"),
        )
        rostering.add_shift(runtime(), calling().actor, new)
    except GridcaseError as refusal:
        return _roster(refusal=refusal)
    return _back(monday_of(new.starts_at.astimezone(runtime().settings.zone).date()))


@admin_route("/roster/copy", methods=["POST"], roles=ROSTER)
def admin_copy_week() -> Response:
    """Repeat the week before."""
    copied = rostering.copy_week(runtime(), calling().actor, _monday(given("week")))
    return _roster(copied=copied)


@admin_route("/roster/<int:shift>/remove", methods=["POST"], roles=ROSTER)
def admin_remove_shift(shift: int) -> BaseResponse:
    """Take a shift off the roster, or end one that runs."""
    try:
        rostering.remove_shift(runtime(), calling().actor, shift)
    except GridcaseError as refusal:
        return _roster(refusal=refusal)
    return _back(_monday(given("week")))


@admin_route("/delegations", roles=ROSTER)
def admin_delegations() -> Response:
    """List who stands in for whom."""
    return _delegations()


@admin_route("/delegations", methods=["POST"], roles=ROSTER)
def admin_delegate() -> BaseResponse:
    """Hand a role over for a time."""
    role = given("role")
    try:
        if role not in set(Role):
            raise invalid("role", "field_required")
        new = delegating.NewDelegation(
            role=Role(role),
            to=given("to"),
            holder=given("holder") or None,
            starts_at=_instant("starts_at"),
            ends_at=_instant("ends_at"),
        )
        delegating.delegate(runtime(), calling().actor, new)
    except GridcaseError as refusal:
        return _delegations(refusal=refusal)
    return redirect(url_for("console.admin_delegations"), code=303)


@admin_route("/delegations/<int:delegation>/end", methods=["POST"], roles=ROSTER)
def admin_end_delegation(delegation: int) -> BaseResponse:
    """End a delegation now."""
    try:
        delegating.end_delegation(runtime(), calling().actor, delegation)
    except GridcaseError as refusal:
        return _delegations(refusal=refusal)
    return redirect(url_for("console.admin_delegations"), code=303)


def _delegations(*, refusal: GridcaseError | None = None) -> Response:
    return admin_page(
        "admin_delegations.html",
        tab="console.admin_delegations",
        title="admin.delegations",
        status=status_of_refusal(refusal),
        delegations=delegating.past_and_present(runtime(), calling().actor),
        roles=tuple(role for role in Role if role in PEOPLE),
        now=runtime().clock.now(),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _roster(*, refusal: GridcaseError | None = None, copied: ImportedRoster | None = None) -> Response:
    rt, zone = runtime(), runtime().settings.zone
    monday = _monday(request.values.get("week", ""))
    start = datetime.combine(monday, time.min, tzinfo=zone)
    end = datetime.combine(monday + timedelta(days=_DAYS), time.min, tzinfo=zone)
    shifts = rostering.shifts(rt, calling().actor, start, end)
    days = [monday + timedelta(days=number) for number in range(_DAYS)]
    table: dict[str, dict[date, list[Any]]] = {}
    for one in shifts:
        day = max(one.starts_at.astimezone(zone).date(), monday)
        table.setdefault(one.area, {}).setdefault(day, []).append(one)
    return admin_page(
        "admin_roster.html",
        tab="console.admin_roster",
        title="admin.roster",
        status=status_of_refusal(refusal),
        days=days,
        table=sorted(table.items()),
        area_names=_area_names(calling().reference),
        week=monday,
        before=monday - timedelta(days=_DAYS),
        after=monday + timedelta(days=_DAYS),
        today=today(),
        now=rt.clock.now(),
        clock=lambda instant: instant.astimezone(zone).strftime("%H:%M"),
        errors=said(refusal),
        form=request.form if refusal else {},
        copied=copied,
    )


def _area_names(reference: Reference) -> dict[str, str]:
    """Return the areas that a shift may be in, by code: streets and communities of the unit grid."""
    communities = sorted({community_of(code) for layer, code in reference.features if layer == UNIT_LAYER})
    named = {code: reference.features.get((COMMUNITY_LAYER, code)) for code in communities}
    return {code: feature.name if feature else "" for code, feature in named.items()}


def _monday(text: str) -> date:
    return monday_of(as_day(text) or today())


def _back(monday: date) -> BaseResponse:
    return redirect(url_for("console.admin_roster", week=monday.isoformat()), code=303)


def _instant(name: str) -> datetime:
    found = given_instant(name)
    if found is None:
        raise invalid(name, "field_required")
    return found
