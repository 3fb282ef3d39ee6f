"""What people add to a month and contest: appeals, exemptions, outside scores, adjustments."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.case import AttachmentUsage
from gridcase.domain.errors import NotFoundError, invalid
from gridcase.edge.contesting_schemas import (
    ExemptionRulingSchema,
    NewAdjustmentSchema,
    NewAppealSchema,
    NewExemptionSchema,
    RulingSchema,
    ScoresRequestSchema,
)
from gridcase.edge.runtime import calling, language, runtime
from gridcase.services import appealing, assessing, contributing, explaining_month
from gridcase.services.appealing import AppealReason, Decision
from gridcase.web.console.action_forms import MOST_PHOTOS, Control, Typed, take_photos
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.month_writing import form_key, is_assessing, loaded, new_key, sliced, tried, writer
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import console_page, viewing
from gridcase.web.texts import text

_PAGE = 50
_MOST_FILES = 6
#: Of an appeal, with a control to stand beside.
_SEEN_FIELDS = ("case", "reason", "text")
_EXEMPTIONS = [str(one) for one in ExemptionReason if one is not ExemptionReason.APPEAL]


# --- appeals ------------------------------------------------------------------------------------------------------


@console.route("/month/<string:period>/appeals", methods=["GET"])
def appeals(period: str) -> Response:
    """List the appeals of a month: a unit its own, who assesses all."""
    after = as_number(request.args.get("after")) or 0
    found = appealing.list_appeals(runtime(), calling().actor, period=period, after=after, limit=_PAGE)
    shown = found[:_PAGE]
    return console_page(
        "console/month/appeals.html",
        title="month.appeals",
        w=writer(assessing.rule_sets(runtime(), calling().actor, period)),
        period=period,
        appeals=shown,
        after=shown[-1].id if len(found) > _PAGE else None,
        is_assessing=is_assessing(),
        tab="appeals",
    )


@console.route("/month/appeals/<int:identity>", methods=["GET"])
def appeal(identity: int) -> Response:
    """Show an appeal."""
    return _appeal_page(identity)


@console.route("/month/appeals/<int:identity>/<string:what>", methods=["POST"])
def end_appeal(identity: int, what: str) -> BaseResponse:
    """Decide an appeal, or take it back."""
    if what not in ("decide", "withdraw"):
        raise NotFoundError("route_not_found")
    rt, actor, form = runtime(), calling().actor, request.form

    def end() -> Any:
        if what == "withdraw":
            return appealing.withdraw_appeal(rt, actor, identity, key=form_key())
        given = {name: form.get(name, "").strip() for name in ("decision", "text", "points")}
        return appealing.decide_appeal(rt, actor, identity, loaded(RulingSchema, given), key=form_key())

    _, refused = tried(end, ("decision", "text", "points"))
    if refused:
        return _appeal_page(identity, status=refused.status, errors=refused.errors)
    return go_to(url_for("console.appeal", identity=identity))


@console.route("/month/runs/<int:identity>/appeal", methods=["GET"])
def new_appeal(identity: int) -> Response:
    """Ask what is contested about a line."""
    return _appeal_form(identity, Typed(values=MultiDict(request.args)))


@console.route("/month/runs/<int:identity>/appeal", methods=["POST"])
def file_appeal(identity: int) -> BaseResponse:
    """File an appeal with its photos."""
    rt, seen = runtime(), viewing()
    request.max_content_length = MOST_PHOTOS * rt.settings.max_upload_bytes
    form, fields = request.form, ("subject", "line", "case", "reason", "text")
    # Before anything is kept: what may not be seen does not exist.
    assessing.one_run(rt, seen.actor, identity)
    photos = take_photos((rt, seen), form, request.files.getlist("photos"), AttachmentUsage.OTHER)

    def file() -> Any:
        photos.check()
        if len(photos.kept) > _MOST_FILES:
            raise invalid("attachments", "too_many_items", most=_MOST_FILES)
        given: dict[str, Any] = {name: form.get(name, "").strip() for name in fields}
        new = loaded(NewAppealSchema, given | {"attachments": list(photos.kept)})
        return appealing.file_appeal(rt, seen.actor, identity, new, key=form_key())

    made, refused = tried(file, (*_SEEN_FIELDS, "attachments"))
    if refused:
        kept = Typed(values=form, photos=photos.kept)
        return _appeal_form(identity, kept, status=refused.status, errors=refused.errors)
    assert made is not None  # noqa: S101 - else it was refused
    return go_to(url_for("console.appeal", identity=made[0].id))


def _appeal_form(identity: int, kept: Typed, *, status: int = 200, errors: Any = None) -> Response:
    subject, key = kept.get("subject"), kept.get("line")
    found = explaining_month.explained(runtime(), calling().actor, identity, subject)
    line = next((one for one in found.score["lines"] if one["key"] == key), None)
    if line is None:
        raise NotFoundError("line_not_found", params={"subject": subject, "line": key})
    return console_page(
        "console/month/appeal_form.html",
        title="month.new_appeal",
        status=status,
        errors=errors or {},
        w=writer(),
        run=found.run,
        period=found.run.period,
        rule_set=found.rule_set,
        subject=subject,
        line=line,
        typed=kept,
        photos=Control(name="attachments", label=text("month.photos", language()), kind="attachments", required=False),
        cases=[(one, one) for one in line["cases"]],
        reasons=[str(one) for one in AppealReason],
        most_files=_MOST_FILES,
        is_assessing=is_assessing(),
        tab="appeals",
    )


def _appeal_page(identity: int, *, status: int = 200, errors: Any = None) -> Response:
    rt, actor = runtime(), calling().actor
    row = appealing.one_appeal(rt, actor, identity)
    found = explaining_month.explained(rt, actor, row.run_id, row.subject)
    line = next((one for one in found.score["lines"] if one["key"] == row.line), None)
    return console_page(
        "console/month/appeal.html",
        title="month.appeal",
        status=status,
        errors=errors,
        w=writer(),
        appeal=row,
        run=found.run,
        rule_set=found.rule_set,
        line=line,
        period=row.period,
        decisions=[str(one) for one in Decision],
        form=request.form,
        key=new_key(),
        is_assessing=is_assessing(),
        tab="appeals",
    )


# --- exemptions ---------------------------------------------------------------------------------------------------


@console.route("/month/<string:period>/exemptions", methods=["GET"])
def exemptions(period: str) -> Response:
    """List the exemptions of a month, with a form to propose one."""
    return _exemptions_page(period)


@console.route("/month/<string:period>/exemptions", methods=["POST"])
def propose_exemption(period: str) -> BaseResponse:
    """Propose that a case does not count."""
    form = request.form
    fields = ("rule_set", "case", "reason", "evidence", "indicator", "subject")

    def propose() -> Any:
        given = {name: form.get(name, "").strip() for name in fields}
        return contributing.propose_exemption(
            runtime(), calling().actor, loaded(NewExemptionSchema, given | {"period": period})
        )

    _, refused = tried(propose, fields)
    if refused:
        return _exemptions_page(period, status=refused.status, errors=refused.errors)
    return go_to(url_for("console.exemptions", period=period))


@console.route("/month/<string:period>/exemptions/<int:identity>", methods=["POST"])
def decide_exemption(period: str, identity: int) -> BaseResponse:
    """Grant or refuse an exemption."""
    form = request.form

    def decide() -> Any:
        given = loaded(ExemptionRulingSchema, {name: form.get(name, "").strip() for name in ("decision", "text")})
        grants = given["decision"] == "granted"
        return contributing.decide_exemption(
            runtime(), calling().actor, identity, grants=grants, text=given["text"], key=form_key()
        )

    _, refused = tried(decide, ("text",))
    if refused:
        return _exemptions_page(period, status=refused.status, errors=refused.errors, decided=identity)
    return go_to(url_for("console.exemptions", period=period))


def _exemptions_page(period: str, *, status: int = 200, errors: Any = None, decided: int | None = None) -> Response:
    """Show the exemptions; ``decided`` is the one whose ruling was refused."""
    rt, actor = runtime(), calling().actor
    found = contributing.list_exemptions(rt, actor, period)
    page, pages, shown = sliced(found, _PAGE)
    in_force = assessing.rule_sets(rt, actor, period)
    return console_page(
        "console/month/exemptions.html",
        title="month.exemptions",
        status=status,
        errors=errors,
        w=writer(in_force),
        period=period,
        exemptions=shown,
        decided=decided,
        page=page,
        pages=pages,
        in_force=[one for one in in_force if one.exemptions],
        reasons=_EXEMPTIONS,
        form=request.form,
        key=new_key(),
        is_assessing=is_assessing(),
        tab="exemptions",
    )


# --- outside scores and adjustments -------------------------------------------------------------------------------


@console.route("/month/<string:period>/scores", methods=["GET"])
def outside_scores(period: str) -> Response:
    """List the outside scores of a month, with a form to enter or correct one."""
    return _scores_page(period)


@console.route("/month/<string:period>/scores", methods=["POST"])
def give_score(period: str) -> BaseResponse:
    """Enter an outside score, or put another in its place."""
    form = request.form
    fields = ("name", "subject", "value", "evidence")

    def give() -> Any:
        one = {name: form.get(name, "").strip() for name in fields}
        asked = loaded(
            ScoresRequestSchema,
            {"period": period, "rule_set": form.get("rule_set", ""), "scores": [one], "corrects": "corrects" in form},
        )
        return contributing.give_scores(
            runtime(), calling().actor, period, asked["rule_set"], asked["scores"], corrects=asked["corrects"]
        )

    _, refused = tried(give, ("rule_set", *(f"scores.0.{name}" for name in fields)))
    if refused:
        errors = {name.removeprefix("scores.0."): said for name, said in refused.errors.items()}
        return _scores_page(period, status=refused.status, errors=errors)
    return go_to(url_for("console.outside_scores", period=period))


def _scores_page(period: str, *, status: int = 200, errors: Any = None) -> Response:
    rt, actor = runtime(), calling().actor
    page, pages, shown = sliced(contributing.list_scores(rt, actor, period), _PAGE)
    in_force = assessing.rule_sets(rt, actor, period)
    return console_page(
        "console/month/scores.html",
        title="month.scores",
        status=status,
        errors=errors,
        w=writer(in_force),
        period=period,
        scores=shown,
        page=page,
        pages=pages,
        in_force=[one for one in in_force if one.external_names],
        form=request.form,
        is_assessing=is_assessing(),
        tab="scores",
    )


@console.route("/month/<string:period>/adjustments", methods=["GET"])
def adjustments(period: str) -> Response:
    """List the adjustments settled in a month, with a form to enter one."""
    return _adjustments_page(period)


@console.route("/month/<string:period>/adjustments", methods=["POST"])
def adjust(period: str) -> BaseResponse:
    """Settle points in a month."""
    form = request.form
    fields = ("rule_set", "subject", "points", "reason", "evidence", "origin_period", "case")

    def settle() -> Any:
        given = {name: form.get(name, "").strip() for name in fields}
        new = loaded(NewAdjustmentSchema, given | {"period": period})
        return contributing.adjust(runtime(), calling().actor, new, key=form_key())

    _, refused = tried(settle, fields)
    if refused:
        return _adjustments_page(period, status=refused.status, errors=refused.errors)
    return go_to(url_for("console.adjustments", period=period))


def _adjustments_page(period: str, *, status: int = 200, errors: Any = None) -> Response:
    rt, actor = runtime(), calling().actor
    page, pages, shown = sliced(contributing.list_adjustments(rt, actor, period), _PAGE)
    in_force = assessing.rule_sets(rt, actor, period)
    return console_page(
        "console/month/adjustments.html",
        title="month.adjustments",
        status=status,
        errors=errors,
        w=writer(in_force),
        period=period,
        adjustments=shown,
        page=page,
        pages=pages,
        in_force=in_force,
        form=request.form,
        key=new_key(),
        is_assessing=is_assessing(),
        tab="adjustments",
    )
