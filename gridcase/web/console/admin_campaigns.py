"""Campaigns 专项行动 under ``/admin``: how far each has come, planning one, and ending one early."""

from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.runtime import calling, runtime
from gridcase.edge.schemas import NewCampaignSchema
from gridcase.edge.staff_view import campaign_summary, campaign_view
from gridcase.services import campaigning
from gridcase.web.console.admin_frame import READERS, admin_page, admin_route, given, said, status_of_refusal, today
from gridcase.web.console.month_writing import loaded

_PARTS = 4


@admin_route("/campaigns", roles=READERS)
def admin_campaigns() -> Response:
    """List campaigns with how far they have come, the newest first."""
    return _campaigns()


@admin_route("/campaigns", methods=["POST"], roles=campaigning.PLANNERS)
def admin_plan_campaign() -> BaseResponse:
    """Plan a campaign."""
    try:
        fields = {name: given(name) for name in ("code", "name", "first_day", "last_day")}
        new = loaded(NewCampaignSchema, fields | {"places": _places(request.form.get("places", ""))})
        made, _ = campaigning.create(runtime(), calling().actor, new, calling().reference)
    except GridcaseError as refusal:
        return _campaigns(refusal=refusal)
    return redirect(url_for("console.admin_campaign", code=made.campaign.code), code=303)


@admin_route("/campaigns/<string:code>", roles=READERS)
def admin_campaign(code: str) -> Response:
    """Show the places of a campaign and what was found there."""
    return _campaign(code)


@admin_route("/campaigns/<string:code>/end", methods=["POST"], roles=campaigning.PLANNERS)
def admin_end_campaign(code: str) -> BaseResponse:
    """End a campaign now."""
    try:
        campaigning.end(runtime(), calling().actor, code)
    except GridcaseError as refusal:
        return _campaign(code, refusal=refusal)
    return redirect(url_for("console.admin_campaign", code=code), code=303)


def _places(text: str) -> list[dict[str, Any]]:
    """Read a place a line: name, longitude, latitude and inspector, parted by commas; all but the name may be left out.

    Raises
    ------
    InvalidInputError
        ``place_line`` on ``places``, with the number of the line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part.strip() for part in line.replace("，", ",").replace("\t", ",").split(",")]
        if not any(parts):
            continue
        name, lon, lat, inspector = (parts + [""] * _PARTS)[:_PARTS]
        try:
            place = {"lon": float(lon), "lat": float(lat)} if lon or lat else None
        except ValueError as error:
            raise invalid("places", "place_line", line=number) from error
        if not name or len(parts) > _PARTS:
            raise invalid("places", "place_line", line=number)
        found.append({"name": name, "location": place, "inspector": inspector or None})
    return found


def _campaigns(*, refusal: GridcaseError | None = None) -> Response:
    return admin_page(
        "admin_campaigns.html",
        tab="console.admin_campaigns",
        title="admin.campaigns",
        status=status_of_refusal(refusal),
        campaigns=[campaign_summary(one) for one in campaigning.campaigns(runtime(), calling().actor)],
        may_plan=calling().actor.role in campaigning.PLANNERS,
        today=today(),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _campaign(code: str, *, refusal: GridcaseError | None = None) -> Response:
    rt, actor = runtime(), calling().actor
    state = campaigning.campaign(rt, actor, code)
    return admin_page(
        "admin_campaign.html",
        tab="console.admin_campaigns",
        title="admin.campaigns",
        heading=state.campaign.name,
        status=status_of_refusal(refusal),
        campaign=campaign_view(state, rt.settings.zone),
        ended_at=state.campaign.ended_at,
        may_end=actor.role in campaigning.PLANNERS and campaigning.may_end(rt, state),
        errors=said(refusal),
    )
