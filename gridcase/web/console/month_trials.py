"""Trying a draft of rules on sealed months, and comparing the superior centre's findings with ours 对账."""

from fractions import Fraction
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.errors import invalid
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.sent_files import sent_file
from gridcase.edge.texts import sentence
from gridcase.services import assessing, reconciling
from gridcase.services.assessing import AssessmentWhatIfRow, WhatIfRequest
from gridcase.services.reconciling import Comparison, FindingList, FindingReport
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.month import WORKING
from gridcase.web.console.month_writing import form_key, is_assessing, new_key, sliced, tried, writer
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import console_page, fragment

_PAGE = 100
_LISTED = 20
_MOST_TEXT = 200_000
_MOST_PERIODS = 24
_MOST_TOLD = 50


# --- what-if ------------------------------------------------------------------------------------------------------


@console.route("/month/what-if", methods=["GET"])
def what_ifs() -> Response:
    """List what was tried, with a form to try a draft."""
    return _what_ifs_page(request.args.to_dict())


@console.route("/month/what-if", methods=["POST"])
def try_draft() -> BaseResponse:
    """Check a draft, or try it on sealed months."""
    rt, actor, form = runtime(), calling().actor, request.form
    text = form.get("text", "")
    given = {name: form.get(name, "") for name in ("against", "period")}

    def ask() -> Any:
        if len(text) > _MOST_TEXT:
            raise invalid("text", "text_too_long", most=_MOST_TEXT, length=len(text))
        draft = assessing.read_draft(actor, text)
        periods = tuple(form.getlist("periods"))[:_MOST_PERIODS]
        if "check" in form:
            return None
        if not periods:
            raise invalid("periods", "field_required")
        asked = WhatIfRequest(periods=periods, document=draft.body, against=given["against"] or None)
        return assessing.request_what_if(rt, actor, asked, key=form_key())

    made, refused = tried(ask, ("text", "periods", "against"))
    if refused:
        return _what_ifs_page(given, text=text, status=refused.status, errors=refused.errors)
    if made is None:
        return _what_ifs_page(given, text=text, is_checked=True)
    return go_to(url_for("console.what_if", identity=made[0].id))


@console.route("/month/what-if/<int:identity>", methods=["GET"])
def what_if(identity: int) -> Response:
    """Show what a draft would have changed."""
    rt, actor, spoken = runtime(), calling().actor, str(language())
    row = assessing.one_what_if(rt, actor, identity)
    document = row.asked["document"]
    return console_page(
        "console/month/what_if.html",
        title="month.what_if",
        w=writer(assessing.rule_sets(rt, actor, row.asked["periods"][0])),
        row=row,
        draft=document["title"][spoken],
        titles={one["id"]: one["title"][spoken] for one in document["indicators"]},
        trials=_trials(row.answer or []),
        again=_again_what_if(row),
    )


@console.route("/month/what-if/<int:identity>/state", methods=["GET"])
def what_if_state(identity: int) -> Response:
    """Say whether the trial is done."""
    row = assessing.one_what_if(runtime(), calling().actor, identity)
    return _waiting(_again_what_if(row))


def _again_what_if(row: AssessmentWhatIfRow) -> str:
    return url_for("console.what_if_state", identity=row.id) if row.status in WORKING else ""


def _waiting(again: str) -> Response:
    """Say that work goes on and where to ask again; with nowhere to ask, the browser loads the page anew."""
    response = fragment("console/month/_waiting.html", again=again)
    if not again:
        response.headers["HX-Refresh"] = "true"
    return response


def _trials(answer: list[Any]) -> list[dict[str, Any]]:
    """Return each period with its subjects, and of each what changed indicator by indicator."""
    return [
        {
            "period": trial["period"],
            "subjects": [one | {"changes": _changes(one)} for one in trial["subjects"][:_PAGE]],
            "left_out": max(0, len(trial["subjects"]) - _PAGE),
        }
        for trial in answer
    ]


def _changes(one: dict[str, Any]) -> list[tuple[str, Fraction | None, Fraction | None]]:
    """Return the indicators whose points differ: id, points in force, points of the draft; empty is the total."""
    sums = [_points((one[side] or {"lines": []})["lines"]) for side in ("in_force", "draft")]
    names = dict.fromkeys([*sums[0], *sums[1]])
    return [(name, sums[0].get(name), sums[1].get(name)) for name in names if sums[0].get(name) != sums[1].get(name)]


def _points(lines: list[Any]) -> dict[str, Fraction]:
    points: dict[str, Fraction] = {}
    for line in lines:
        if line["points"] is not None:
            points[line["indicator"]] = points.get(line["indicator"], Fraction(0)) + Fraction(line["points"])
    return points


def _what_ifs_page(
    given: dict[str, str], *, text: str = "", status: int = 200, errors: Any = None, is_checked: bool = False
) -> Response:
    rt, actor = runtime(), calling().actor
    sealed = assessing.frozen_periods(rt, actor)
    period = given.get("period") or (sealed[0] if sealed else "")
    in_force = assessing.rule_sets(rt, actor, period) if period else ()
    against = given.get("against", "")
    if against and not text and period:
        text = assessing.rule_set_text(rt, actor, period, against)
    before = as_number(request.args.get("before"))
    found = assessing.what_ifs(rt, actor, before=before, limit=_LISTED)
    shown = found[:_LISTED]
    return console_page(
        "console/month/what_ifs.html",
        title="month.what_if",
        status=status,
        errors=errors,
        w=writer(in_force),
        sealed=sealed,
        period=period,
        in_force=in_force,
        against=against,
        text=text,
        chosen=request.form.getlist("periods") or sealed[:1],
        is_checked=is_checked,
        rows=shown,
        before=shown[-1].id if len(found) > _LISTED else None,
        key=new_key(),
    )


# --- reconciliation -----------------------------------------------------------------------------------------------


@console.route("/month/<string:period>/reconciliation", methods=["GET"])
def reconciliation(period: str) -> Response:
    """Show the newest comparison, with a form to take the centre's list in."""
    return _reconciliation_page(period)


@console.route("/month/<string:period>/reconciliation", methods=["POST"])
def compare(period: str) -> BaseResponse:
    """Ask for a comparison."""
    systems = frozenset(one for one in request.form.get("complete", "").replace(",", " ").split() if one)

    def ask() -> Any:
        return reconciling.request_reconciliation(runtime(), calling().actor, period, systems)

    _, refused = tried(ask, ("complete",))
    if refused:
        return _reconciliation_page(period, status=refused.status, errors=refused.errors)
    return go_to(url_for("console.reconciliation", period=period))


@console.route("/month/<string:period>/findings", methods=["POST"])
def take_findings(period: str) -> BaseResponse:
    """Look at a list of findings, or take it in."""
    form = request.form
    is_preview = "preview" in form

    def take() -> FindingReport:
        about = FindingList(
            period=period,
            system=form.get("system", "").strip() or "centre",
            rule_set=form.get("rule_set", ""),
            encoding=form.get("encoding", "utf-8"),
            corrects="corrects" in form,
        )
        with sent_file() as place:
            return reconciling.take_findings(runtime(), calling().actor, place, about, dry_run=is_preview)

    report, refused = tried(take, ("file", "system", "rule_set", "encoding"))
    if refused:
        return _reconciliation_page(period, status=refused.status, errors=refused.errors)
    return _reconciliation_page(period, report=report, is_preview=is_preview)


def _reconciliation_page(
    period: str,
    *,
    status: int = 200,
    errors: Any = None,
    report: FindingReport | None = None,
    is_preview: bool = False,
) -> Response:
    rt, actor, spoken = runtime(), calling().actor, language()
    found = reconciling.newest_reconciliation(rt, actor, period)
    lines = found.lines if found else ()
    only = request.args.get("match", "")
    counts = {name: sum(1 for one in lines if one["match"] == name) for name in _MATCHES}
    wanted = [one for one in lines if one["match"] == only] if only else list(lines)
    page, pages, shown = sliced(wanted, _PAGE)
    refused = report.refused[:_MOST_TOLD] if report else ()
    return console_page(
        "console/month/reconciliation.html",
        title="month.reconciliation",
        status=status,
        errors=errors,
        w=writer(),
        period=period,
        found=found,
        findings=reconciling.findings_taken(rt, actor, period) if is_assessing() else None,
        lines=shown,
        counts=counts,
        only=only,
        page=page,
        pages=pages,
        report=report,
        is_preview=is_preview,
        refused=[(one.row, one.field, sentence(one.problem.code, one.problem.params, spoken)) for one in refused],
        in_force=assessing.rule_sets(rt, actor, period),
        form=request.form,
        again=_again(period, found),
        is_assessing=is_assessing(),
        tab="reconciliation",
    )


@console.route("/month/<string:period>/reconciliation/state", methods=["GET"])
def reconciliation_state(period: str) -> Response:
    """Say whether the comparison is done."""
    return _waiting(_again(period, reconciling.newest_reconciliation(runtime(), calling().actor, period)))


def _again(period: str, found: Comparison | None) -> str:
    is_working = found is not None and found.row.status in WORKING
    return url_for("console.reconciliation_state", period=period) if is_working else ""


_MATCHES = ("different", "only_theirs", "only_ours", "equal")
