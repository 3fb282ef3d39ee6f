"""The superior centre's findings of a month over HTTP: taken in, and compared with our records 对账."""

from typing import Any

from flask import Response, jsonify, request
from marshmallow import ValidationError

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import answers, body
from gridcase.edge.assessment_schemas import PERIOD
from gridcase.edge.bodies import read_body
from gridcase.edge.contest_view import finding_report_view, reconciliation_view
from gridcase.edge.contesting_schemas import (
    FindingListSchema,
    FindingReportSchema,
    ReconciliationRequestSchema,
    ReconciliationSchema,
)
from gridcase.edge.fields import as_input_error
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.sent_files import sent_file
from gridcase.services import reconciling as use_cases

reconciling = ApiBlueprint("reconciling", description="The superior centre's findings, compared with ours")

_POLL_S = "2"
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "period"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV; columns in assessment.md"},
                    "period": {"type": "string"} | PERIOD,
                    "system": {"type": "string", "maxLength": 40, "description": "Whose numbers theirs are"},
                    "rule_set": {"type": "string", "description": "Whose items the points are taken from"},
                    "encoding": {"type": "string"},
                    "corrects": {"type": "boolean", "description": "A row that differs takes the former's place"},
                    "dry_run": {"type": "boolean"},
                },
            }
        }
    },
}


@reconciling.route("/assessments/findings", methods=["POST"])
@reconciling.doc(
    summary="Take a list of findings in",
    description="Rows that cannot be taken are named and left out; the same list again adds nothing.",
    requestBody=_FORM,
    responses=answers((200, "What came of every row", FindingReportSchema), refusals=(403, 413, 422)),
)
def take_findings() -> dict[str, Any]:
    """Take the centre's list of a period in, or with ``dry_run`` only look at it."""
    try:
        about, dry_run = FindingListSchema().load(request.form.to_dict())
    except ValidationError as err:
        raise as_input_error(err) from err
    with sent_file() as place:
        done = use_cases.take_findings(runtime(), calling().actor, place, about, dry_run=dry_run)
    return finding_report_view(done, language())


@reconciling.route("/assessments/reconciliations", methods=["POST"])
@reconciling.doc(
    summary="Compare a period with the centre's list",
    description="Queues a comparison; one of the same systems that waits already is answered instead of a second.",
    requestBody=body(ReconciliationRequestSchema),
    responses=answers((202, "Queued; ask at Location", ReconciliationSchema), refusals=(400, 403, 413, 415, 422)),
)
def compare() -> Response:
    """Queue a comparison."""
    rt, asked = runtime(), read_body(ReconciliationRequestSchema)
    row = use_cases.request_reconciliation(rt, calling().actor, asked["period"], frozenset(asked["complete"]))
    answer = jsonify(reconciliation_view(row, (), rt.settings.zone))
    answer.status_code = 202
    answer.headers["Location"] = f"/api/v1/assessments/reconciliations/{row.id}"
    answer.headers["Retry-After"] = _POLL_S
    return answer


@reconciling.route("/assessments/reconciliations/<int:identity>", methods=["GET"])
@reconciling.doc(
    summary="Show a comparison",
    responses=answers(
        (200, "The lines the caller may see, once they are there", ReconciliationSchema), refusals=(404,)
    ),
)
def show(identity: int) -> dict[str, Any]:
    """Return a comparison: a unit sees the lines that concern it, who assesses all."""
    rt = runtime()
    found = use_cases.one_reconciliation(rt, calling().actor, identity)
    return reconciliation_view(found.row, found.lines, rt.settings.zone)
