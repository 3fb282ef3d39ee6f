"""Campaigns over HTTP: planned, shown, and their places visited."""

from typing import Any

from flask import Response

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import OPTIONAL_KEY, CampaignListSchema, CampaignSchema, answers, body
from gridcase.api.staff import created
from gridcase.edge.bodies import read_keyed
from gridcase.edge.runtime import calling, runtime
from gridcase.edge.schemas import NewCampaignSchema, VisitSchema
from gridcase.edge.staff_view import campaign_summary, campaign_view
from gridcase.services import campaigning

campaigns = ApiBlueprint("campaigns", description="Campaigns")


@campaigns.route("/campaigns", methods=["GET"])
@campaigns.doc(
    summary="List campaigns",
    responses=answers((200, "Campaigns, the newest first", CampaignListSchema), refusals=(403,)),
)
def index() -> dict[str, Any]:
    """Return all campaigns with how far they have come."""
    found = campaigning.campaigns(runtime(), calling().actor)
    return {"items": [campaign_summary(one) for one in found], "next_cursor": None}


@campaigns.route("/campaigns", methods=["POST"])
@campaigns.doc(
    summary="Plan a campaign",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NewCampaignSchema),
    responses=answers((201, "Planned", CampaignSchema), refusals=(400, 403, 413, 415, 422)),
)
def create() -> Response:
    """Plan a campaign with its places; the very same again changes nothing."""
    rt, called = runtime(), calling()
    made, is_replay = campaigning.create(rt, called.actor, read_keyed(NewCampaignSchema), called.reference)
    answer = created(campaign_view(made, rt.settings.zone), is_replay=is_replay)
    answer.headers["Location"] = f"/api/v1/campaigns/{made.campaign.code}"
    return answer


@campaigns.route("/campaigns/<string:code>", methods=["GET"])
@campaigns.doc(
    summary="Show a campaign", responses=answers((200, "With its places", CampaignSchema), refusals=(403, 404))
)
def show(code: str) -> dict[str, Any]:
    """Return a campaign with its places and what was found there."""
    rt = runtime()
    return campaign_view(campaigning.campaign(rt, calling().actor, code), rt.settings.zone)


@campaigns.route("/campaigns/<string:code>/end", methods=["POST"])
@campaigns.doc(
    summary="End a campaign early",
    responses=answers((200, "Ended", CampaignSchema), refusals=(403, 404, 409)),
)
def end(code: str) -> dict[str, Any]:
    """End a campaign now; what was found stays."""
    rt = runtime()
    return campaign_view(campaigning.end(rt, calling().actor, code), rt.settings.zone)


@campaigns.route("/campaigns/<string:code>/places/<int:number>/visits", methods=["POST"])
@campaigns.doc(
    summary="Visit a place",
    parameters=[OPTIONAL_KEY],
    requestBody=body(VisitSchema),
    responses=answers((201, "Visited", CampaignSchema), refusals=(400, 403, 404, 409, 413, 415, 422)),
)
def visit(code: str, number: int) -> Response:
    """Note what was found at a place; the same by the same person again changes nothing."""
    rt = runtime()
    state, is_replay = campaigning.visit(rt, calling().actor, code, number, read_keyed(VisitSchema))
    return created(campaign_view(state, rt.settings.zone), is_replay=is_replay)
