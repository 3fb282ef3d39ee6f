"""What the evidence of phones shows that a person should look at: facts and numbers, and the word on it."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.anomaly_view import anomaly_view
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, runtime
from gridcase.services.anomalies import OPEN, REVIEWED, review_anomaly
from gridcase.services.anomalies import anomalies as listed_anomalies
from gridcase.web.console.action_forms import sentences_of
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import console_page, viewing

_PAGE = 50
_MOST_REASON = 500


@console.route("/anomalies", methods=["GET"])
def anomalies() -> Response:
    """Show what waits for somebody to look at it, or what was looked at, newest first."""
    return _listed()


@console.route("/anomalies/<int:identity>/review", methods=["POST"])
def review(identity: int) -> BaseResponse:
    """Take the word on one."""
    try:
        review_anomaly(runtime(), calling().actor, identity, _reason)
    except GridcaseError as refusal:
        if not refusal.fields:
            raise
        return _listed(status=status_of(refusal), wrong=identity, refusal=refusal)
    return go_to(url_for("console.anomalies", done=1))


def _listed(*, status: int = 200, wrong: int | None = None, refusal: GridcaseError | None = None) -> Response:
    state = REVIEWED if request.args.get("state") == REVIEWED else OPEN
    found = listed_anomalies(runtime(), calling().actor, state=state, after=_after(), limit=_PAGE)
    shown = found[:_PAGE]
    more = shown[-1].row.id if len(found) > _PAGE else None
    return console_page(
        "console/anomalies.html",
        title="console.anomalies",
        status=status,
        items=[anomaly_view(one, viewing()) for one in shown],
        state=state,
        is_done="done" in request.args,
        is_first=_after() is None,
        next_url=url_for("console.anomalies", state=state, cursor=more) if more else None,
        wrong=wrong,
        errors=sentences_of(refusal) if refusal else {},
        typed=request.form.get("reason", ""),
        most_reason=_MOST_REASON,
    )


def _after() -> int | None:
    return as_number(request.args.get("cursor"))


def _reason() -> str:
    text = request.form.get("reason", "").strip()
    if not text:
        raise invalid("reason", "text_empty")
    if len(text) > _MOST_REASON:
        raise invalid("reason", "text_too_long", most=_MOST_REASON, length=len(text))
    return text
