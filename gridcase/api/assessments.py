"""The month over HTTP: asked for, polled, looked at, approved, sealed, sent, fetched.

Work is done in the jobs process: what takes time is answered 202 with an address to ask at. The same request under the
same Idempotency-Key changes nothing; an act that was done is refused to everybody else.
"""

from typing import Any

from flask import Response, jsonify, send_file

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import OPTIONAL_KEY, answers, body
from gridcase.edge.assessment_schemas import (
    LineListSchema,
    MonthSchema,
    NoteSchema,
    ReasonSchema,
    RunListSchema,
    RunQuerySchema,
    RunRequestSchema,
    RunSchema,
    ScoreListSchema,
    SoFarQuerySchema,
    SoFarSchema,
    WhatIfRequestSchema,
    WhatIfSchema,
)
from gridcase.edge.assessment_view import month_view, run_summary, score_view, so_far_view, what_if_view
from gridcase.edge.bodies import client_ref, read_cursor, read_keyed, read_query, write_cursor
from gridcase.edge.runtime import calling, runtime
from gridcase.services import assessing, closing_month
from gridcase.services.assessing import Run
from gridcase.services.steps.assessed import scores_for

assessments = ApiBlueprint("assessments", description="Monthly assessment")

#: Seconds after which asking again makes sense.
_POLL_S = "2"
_WRITE_REFUSALS = (400, 403, 404, 409, 413, 415, 422)


@assessments.route("/assessments", methods=["POST"])
@assessments.doc(
    summary="Run a month",
    description="Queues a run. One of the same period and rule set that waits already is answered instead of a second.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(RunRequestSchema),
    responses=answers((202, "Queued; ask at Location", RunSchema), refusals=(400, 403, 409, 413, 415, 422)),
)
def create() -> Response:
    """Queue a run of a rule set over a period."""
    asked = read_keyed(RunRequestSchema)
    made, is_replay = assessing.request_run(
        runtime(), calling().actor, asked["period"], asked["rule_set"], key=client_ref()
    )
    return _accepted(made, is_replay=is_replay)


@assessments.route("/assessments", methods=["GET"])
@assessments.doc(
    summary="List runs",
    parameters=[{"in": "query", "schema": RunQuerySchema, "name": "query"}],
    responses=answers((200, "A page, newest first", RunListSchema), refusals=(403, 422)),
)
def index() -> dict[str, Any]:
    """List runs without scores."""
    asked = read_query(RunQuerySchema)
    after = read_cursor(asked["cursor"])[1] if "cursor" in asked else None
    limit = asked["limit"]
    found = assessing.runs(runtime(), calling().actor, period=asked.get("period"), after=after, limit=limit)
    shown = found[:limit]
    return {
        "items": [_view(one) for one in shown],
        "next_cursor": write_cursor(shown[-1].created_at, shown[-1].id) if len(found) > limit else None,
    }


@assessments.route("/assessments/so-far", methods=["GET"])
@assessments.doc(
    summary="The score so far",
    parameters=[{"in": "query", "schema": SoFarQuerySchema, "name": "query"}],
    responses=answers((200, "Newest draft, and cases about to breach", SoFarSchema), refusals=(403, 422)),
)
def so_far() -> dict[str, Any]:
    """Return the newest draft of an open month, with the caller's cases due before its end."""
    asked = read_query(SoFarQuerySchema)
    rt = runtime()
    found = assessing.so_far(rt, calling().actor, asked["period"], asked["rule_set"])
    return so_far_view(found, rt.settings.zone)


@assessments.route("/assessments/months/<string:period>", methods=["GET"])
@assessments.doc(
    summary="A month's timetable",
    responses=answers((200, "Timetable, runs, reminders", MonthSchema), refusals=(403, 422)),
)
def month(period: str) -> dict[str, Any]:
    """Return when a month is drafted, cut off, shown, decided and approved, and where its runs stand."""
    rt = runtime()
    return month_view(closing_month.month(rt, calling().actor, period), rt.settings.zone)


@assessments.route("/assessments/what-if", methods=["POST"])
@assessments.doc(
    summary="Try a draft rule set",
    description="On sealed months, beside the rule set in force.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(WhatIfRequestSchema),
    responses=answers((202, "Queued; ask at Location", WhatIfSchema), refusals=(400, 403, 409, 413, 415, 422)),
)
def try_rules() -> Response:
    """Queue a what-if."""
    rt = runtime()
    row, is_replay = assessing.request_what_if(rt, calling().actor, read_keyed(WhatIfRequestSchema), key=client_ref())
    answer = jsonify(what_if_view(row, rt.settings.zone))
    answer.status_code = 202
    answer.headers["Location"] = f"/api/v1/assessments/what-if/{row.id}"
    return _marked(answer, is_replay=is_replay)


@assessments.route("/assessments/what-if/<int:identity>", methods=["GET"])
@assessments.doc(summary="Show a what-if", responses=answers((200, "The what-if", WhatIfSchema), refusals=(404,)))
def show_what_if(identity: int) -> dict[str, Any]:
    """Return a what-if with its answer, once there is one."""
    rt = runtime()
    return what_if_view(assessing.one_what_if(rt, calling().actor, identity), rt.settings.zone)


@assessments.route("/assessments/<int:identity>", methods=["GET"])
@assessments.doc(summary="Show a run", responses=answers((200, "The run", RunSchema), refusals=(404,)))
def show(identity: int) -> dict[str, Any]:
    """Return where a run stands and what comes next."""
    return _view(assessing.one_run(runtime(), calling().actor, identity))


@assessments.route("/assessments/<int:identity>/scores", methods=["GET"])
@assessments.doc(summary="Scores of a run", responses=answers((200, "Best first", ScoreListSchema), refusals=(404,)))
def scores(identity: int) -> dict[str, Any]:
    """Return the scores: a unit its own, who assesses all."""
    actor = calling().actor
    found = scores_for(actor, assessing.one_run(runtime(), actor, identity))
    return {"items": [score_view(one) for one in found], "next_cursor": None}


@assessments.route("/assessments/<int:identity>/scores/<path:subject>/lines", methods=["GET"])
@assessments.doc(
    summary="Why a subject has its score", responses=answers((200, "Its lines", LineListSchema), refusals=(404,))
)
def lines(identity: int, subject: str) -> dict[str, Any]:
    """Return the lines of a score: rule, clause, numbers, exact points, cases and evidence; they add up to it."""
    one = assessing.subject_score(runtime(), calling().actor, identity, subject)
    return {**score_view(one), "items": one["lines"], "next_cursor": None}


@assessments.route("/assessments/<int:identity>/approve", methods=["POST"])
@assessments.doc(
    summary="Approve a run",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NoteSchema, required=False),
    responses=answers((200, "Approved", RunSchema), refusals=_WRITE_REFUSALS),
)
def approve(identity: int) -> dict[str, Any]:
    """Give the leader's approval; nobody approves what they drafted."""
    asked = read_keyed(NoteSchema)
    return _view(closing_month.approve(runtime(), calling().actor, identity, asked["note"], key=client_ref()))


@assessments.route("/assessments/<int:identity>/seal", methods=["POST"])
@assessments.doc(
    summary="Seal a run",
    description="The month is frozen at once; its signed package is made in the jobs process.",
    parameters=[OPTIONAL_KEY],
    responses=answers(
        (200, "Sealed, and the package is there", RunSchema),
        (202, "Sealed; the package is being made", RunSchema),
        refusals=(403, 404, 409, 422),
    ),
)
def seal(identity: int) -> Response:
    """Seal a run: nothing moves its month any more."""
    done = closing_month.seal(runtime(), calling().actor, identity, key=client_ref())
    answer = jsonify(_view(done))
    answer.status_code = 200 if done.is_packed else 202
    answer.headers["Location"] = _address(done)
    return answer


@assessments.route("/assessments/<int:identity>/send", methods=["POST"])
@assessments.doc(
    summary="Note that a month was sent",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NoteSchema, required=False),
    responses=answers((200, "Sent", RunSchema), refusals=_WRITE_REFUSALS),
)
def send(identity: int) -> dict[str, Any]:
    """Note that a sealed and approved month was handed over."""
    asked = read_keyed(NoteSchema)
    return _view(closing_month.send(runtime(), calling().actor, identity, asked["note"], key=client_ref()))


@assessments.route("/assessments/<int:identity>/withdraw", methods=["POST"])
@assessments.doc(
    summary="Withdraw a run",
    parameters=[OPTIONAL_KEY],
    requestBody=body(ReasonSchema),
    responses=answers((200, "Withdrawn", RunSchema), refusals=_WRITE_REFUSALS),
)
def withdraw(identity: int) -> dict[str, Any]:
    """Take a run back that is not sealed."""
    asked = read_keyed(ReasonSchema)
    return _view(closing_month.withdraw(runtime(), calling().actor, identity, asked["reason"], key=client_ref()))


@assessments.route("/assessments/<int:identity>/reissue", methods=["POST"])
@assessments.doc(
    summary="Issue a sealed month anew",
    parameters=[OPTIONAL_KEY],
    requestBody=body(ReasonSchema),
    responses=answers((202, "Queued; ask at Location", RunSchema), refusals=_WRITE_REFUSALS),
)
def reissue(identity: int) -> Response:
    """Queue the next revision of a sealed run; it supersedes the old one once it is sealed."""
    asked = read_keyed(ReasonSchema)
    made, is_replay = closing_month.request_reissue(
        runtime(), calling().actor, identity, asked["reason"], key=client_ref()
    )
    return _accepted(made, is_replay=is_replay)


@assessments.route("/assessments/<int:identity>/export", methods=["GET"])
@assessments.doc(
    summary="Fetch the package",
    responses=answers((202, "It is being made; ask again", RunSchema), refusals=(403, 404, 409))
    | {
        "200": {
            "description": "The package",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def export(identity: int) -> Response:
    """Return the signed package of a run; of one that is not sealed, a draft that says so."""
    rt, actor = runtime(), calling().actor
    held = assessing.export(rt, actor, identity)
    run = assessing.one_run(rt, actor, identity)
    if held is None:
        answer = jsonify(_view(run))
        answer.status_code = 202
        answer.headers["Retry-After"] = _POLL_S
        return answer
    name = f"{rt.settings.instance_prefix}-{run.period}-{run.rule_set}-{run.revision}.zip"
    # Sent from the file piece by piece: a city's month has hundreds of megabytes.
    return send_file(
        held.resolve(), "application/zip", as_attachment=True, download_name=name, conditional=False, etag=False
    )


def _accepted(made: Run, *, is_replay: bool) -> Response:
    answer = jsonify(_view(made))
    answer.status_code = 202
    answer.headers["Location"] = _address(made)
    answer.headers["Retry-After"] = _POLL_S
    return _marked(answer, is_replay=is_replay)


def _marked(answer: Response, *, is_replay: bool) -> Response:
    if is_replay:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _address(run: Run) -> str:
    return f"/api/v1/assessments/{run.id}"


def _view(run: Run) -> dict[str, Any]:
    return run_summary(run, runtime().settings.zone)
