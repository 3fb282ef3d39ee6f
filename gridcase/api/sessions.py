"""Sign-in, sign-out, and who am I."""

from typing import Any

from flask import Response, jsonify, request

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import CallerSchema, TokenSchema, answers, body
from gridcase.domain.actor import Role
from gridcase.edge.bodies import read_body
from gridcase.edge.runtime import calling, close_session, language, runtime, session_token
from gridcase.edge.schemas import SignInSchema
from gridcase.edge.texts import label
from gridcase.services.identity import sign_in, sign_out

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
