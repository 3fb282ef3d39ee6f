"""Sign-in, sign-out, and who am I."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, request

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import CallerSchema, DeviceSchema, ItemsSchema, TokenSchema, answers, body
from gridcase.domain.actor import Role
from gridcase.edge.bodies import read_body
from gridcase.edge.runtime import (
    calling,
    close_session,
    language,
    open_session,
    refuse_foreign_sites,
    runtime,
    session_token,
)
from gridcase.edge.schemas import DeviceSignInSchema, SignInSchema
from gridcase.edge.texts import label
from gridcase.services.identity import Opening, SessionKind, sign_in, sign_out
from gridcase.services.sessions import ListedSession, revoke, sessions_of

doors = ApiBlueprint("doors", description="Sign in", is_open=True)
sessions = ApiBlueprint("sessions", description="The caller's own session")

_KIND = "Bearer"


@doors.route("/auth/tokens", methods=["POST"])
@doors.doc(
    summary="Sign in",
    security=[],
    requestBody=body(SignInSchema),
    responses=answers((201, "Signed in", TokenSchema), refusals=(400, 413, 415, 422, 429)),
)
def create_token() -> Response:
    """Check user name and password and open a session in one role."""
    asked = read_body(SignInSchema)
    opened = sign_in(
        runtime(),
        username=asked["username"],
        password=asked["password"],
        address=request.remote_addr or "",
        role=Role(asked["role"]) if "role" in asked else None,
    )
    answer = jsonify(access_token=opened.token, token_type=_KIND, expires_in=opened.seconds, role=opened.role)
    answer.status_code = 201
    answer.headers["Cache-Control"] = "no-store"
    return answer


@doors.route("/auth/devices", methods=["POST"])
@doors.doc(
    summary="Sign a phone in",
    security=[],
    requestBody=body(DeviceSignInSchema),
    responses=answers(
        (201, "Signed in; the session is in the cookie", DeviceSchema), refusals=(400, 403, 413, 415, 422, 429)
    ),
)
def create_device() -> Response:
    """Check user name and password and open a session of ``device_days`` in a cookie that scripts cannot read."""
    refuse_foreign_sites()
    asked = read_body(DeviceSignInSchema)
    opened = sign_in(
        runtime(),
        username=asked["username"],
        password=asked["password"],
        address=request.remote_addr or "",
        role=Role(asked["role"]) if "role" in asked else None,
        opening=Opening(kind=SessionKind.DEVICE, device=asked["device"]),
    )
    answer = jsonify(
        id=opened.id,
        role=opened.role,
        name=asked["device"],
        expires_at=opened.expires_at.astimezone(runtime().settings.zone).isoformat(timespec="seconds"),
    )
    answer.status_code = 201
    answer.headers["Cache-Control"] = "no-store"
    open_session(answer, opened.token, opened.seconds)
    return answer


@sessions.route("/auth/sessions", methods=["GET"])
@sessions.doc(summary="One's own sessions", responses=answers((200, "Phones, browsers, programs", ItemsSchema)))
def own_sessions() -> dict[str, Any]:
    """Return the caller's own sessions that still open the door, newest first."""
    called, rt = calling(), runtime()
    found = sessions_of(rt, called.actor, called.session)
    return {"items": [_session(one, rt.settings.zone) for one in found], "next_cursor": None}


@sessions.route("/auth/sessions/<int:identity>", methods=["DELETE"])
@sessions.doc(summary="End a session", responses=answers((204, "Ended", None), refusals=(404,)))
def end_session(identity: int) -> Response:
    """End a session of one's own, such as that of a lost phone; an administrator ends anybody's."""
    revoke(runtime(), calling().actor, identity)
    return Response(status=204)


def _session(one: ListedSession, zone: ZoneInfo) -> dict[str, Any]:
    session = one.session
    return {
        "id": session.id,
        "kind": session.kind,
        "device": session.device,
        "role": session.role,
        "created_at": session.created_at.astimezone(zone).isoformat(timespec="seconds"),
        "expires_at": session.expires_at.astimezone(zone).isoformat(timespec="seconds"),
        "last_seen_on": session.last_seen_on.isoformat() if session.last_seen_on else None,
        "current": one.is_current,
    }


@sessions.route("/auth/tokens/current", methods=["DELETE"])
@sessions.doc(summary="Sign out", responses=answers((204, "Signed out", None)))
def delete_token() -> Response:
    """End the session of this request."""
    sign_out(runtime(), session_token() or "")
    answer = Response(status=204)
    close_session(answer)
    return answer


@sessions.route("/me", methods=["GET"])
@sessions.doc(summary="Who am I", responses=answers((200, "The caller", CallerSchema)))
def me() -> dict[str, Any]:
    """Return the caller's person, role and scope."""
    actor = calling().actor
    return {
        "id": actor.person,
        "name": actor.name,
        "role": actor.role,
        "role_label": label(actor.role, language()),
        "scope": {"kind": actor.scope.kind, "value": actor.scope.value},
        "unit": actor.unit,
    }
