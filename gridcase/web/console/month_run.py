"""A run of a month: ranking, a subject's indicators and lines, the cases behind a number, package and deliveries."""

from functools import partial
from typing import Any

from flask import Response, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.assessment.breakdown import lines_of_total, sum_of
from gridcase.assessment.explaining import item_in_words, term_in_words
from gridcase.edge.contesting_schemas import EntrySchema
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import label
from gridcase.services import assessing, delivering, explaining_month
from gridcase.services.delivering import Delivery
from gridcase.services.explaining_month import CasesAsked
from gridcase.services.steps.assessed import scores_for
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.month_writing import form_key, is_assessing, loaded, new_key, sliced, tried, writer
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import console_page, fragment

#: Subjects on a page; a district has a few hundred communities.
_SUBJECTS = 100
_CHARTED = 40


@console.route("/month/runs/<int:identity>", methods=["GET"])
def month_run(identity: int) -> Response:
    """Show the ranking of a run."""
    rt, actor = runtime(), calling().actor
    run, rule_set = explaining_month.rules_of(rt, actor, identity)
    scores = scores_for(actor, run)
    w = writer()
    page, pages, shown = sliced(scores, _SUBJECTS)
    charted = [
        {"name": w.subject(run.subject_kind, one["subject"]), "score": one["score"], "warns": bool(one["warnings"])}
        for one in scores[:_CHARTED]
        if one["score"] is not None
    ]
    return console_page(
        "console/month/run.html",
        title="month.ranking",
        heading=f"{run.period} {w.title(rule_set)}",
        w=w,
        run=run,
        rule_set=rule_set,
        scores=shown,
        total=len(scores),
        warned=sum(1 for one in scores if one["warnings"]),
        page=page,
        pages=pages,
        charted=charted,
        full=f"{rule_set.full_score:f}",
        has_groups=any(one["group"] for one in scores),
        has_grades=bool(rule_set.grades),
        is_assessing=is_assessing(),
        period=run.period,
        tab="ranking",
    )


@console.route("/month/runs/<int:identity>/subjects/<path:subject>", methods=["GET"])
def month_subject(identity: int, subject: str) -> Response:
    """Show why a subject has its score."""
    found = explaining_month.explained(runtime(), calling().actor, identity, subject)
    w, spoken = writer(), language()
    words = partial(label, language=spoken)
    total = sum_of(found.score["lines"])
    return console_page(
        "console/month/subject.html",
        title="month.subject",
        heading=w.subject(found.run.subject_kind, subject),
        w=w,
        found=found,
        run=found.run,
        rule_set=found.rule_set,
        score=found.score,
        subject=subject,
        item_words={
            one.id: item_in_words(found.rule_set, one, str(spoken), words) for one in found.rule_set.indicators
        },
        term_words={
            f"{one.id}/{term.id}": term_in_words(found.rule_set, one, term, str(spoken), words)
            for one in found.rule_set.indicators
            for term in one.terms
        },
        total_lines=lines_of_total(found.score),
        total=total,
        may_appeal=is_assessing() or found.run.subject_kind == "unit",
        is_assessing=is_assessing(),
        period=found.run.period,
        tab="ranking",
    )


@console.route("/month/runs/<int:identity>/cases", methods=["GET"])
def month_cases(identity: int) -> Response:
    """Show the cases behind a number or a line."""
    args = request.args
    asked = CasesAsked(
        run=identity,
        subject=args.get("subject", ""),
        indicator=args.get("indicator", ""),
        term=args.get("term", ""),
        count=args.get("count", ""),
        line=args.get("line", ""),
    )
    page = as_number(args.get("page")) or 1
    found = explaining_month.counted_cases(runtime(), calling().actor, asked, page=page)
    w = writer()
    return console_page(
        "console/month/cases.html",
        title="month.cases",
        w=w,
        found=found,
        asked=asked,
        run=found.run,
        rule_set=found.rule_set,
        period=found.run.period,
        is_assessing=is_assessing(),
        tab="ranking",
    )


@console.route("/month/runs/<int:identity>/package", methods=["GET"])
def month_package(identity: int) -> Response:
    """Give the package of a run; while it is being made, a page that asks again."""
    rt, actor = runtime(), calling().actor
    held = assessing.export(rt, actor, identity)
    run = assessing.one_run(rt, actor, identity)
    if held is None:
        return console_page(
            "console/month/package.html", title="month.package", status=202, w=writer(), run=run, period=run.period
        )
    name = f"{rt.settings.instance_prefix}-{run.period}-{run.rule_set}-{run.revision}.zip"
    return send_file(
        held.resolve(), "application/zip", as_attachment=True, download_name=name, conditional=False, etag=False
    )


@console.route("/month/runs/<int:identity>/package/state", methods=["GET"])
def month_package_state(identity: int) -> Response:
    """Say whether the package is there."""
    run = assessing.one_run(runtime(), calling().actor, identity)
    return fragment("console/month/_package.html", run=run)


@console.route("/month/public-key.pem", methods=["GET"])
def month_public_key() -> Response:
    """Give the public key that proves packages."""
    pem = assessing.public_key(runtime(), calling().actor)
    response = Response(pem, mimetype="application/x-pem-file")
    response.headers["Content-Disposition"] = 'attachment; filename="gridcase-public.pem"'
    return response


@console.route("/month/runs/<int:identity>/deliveries", methods=["GET"])
def deliveries(identity: int) -> Response:
    """Show what became of a package outside."""
    return _deliveries_page(identity)


@console.route("/month/runs/<int:identity>/deliveries", methods=["POST"])
def note_delivery(identity: int) -> BaseResponse:
    """Add an entry to the delivery ledger."""
    rt, actor, form = runtime(), calling().actor, request.form
    rows = [line.split(None, 1) for line in form.get("rows", "").splitlines() if line.strip()]

    def note() -> Any:
        entry = loaded(
            EntrySchema,
            {
                "what": form.get("what", ""),
                "recipient": form.get("recipient", "").strip(),
                "note": form.get("note", "").strip(),
                "rows": [{"row": parts[0], "reason": parts[1] if len(parts) > 1 else "–"} for parts in rows],
            },
        )
        return delivering.record_delivery(rt, actor, identity, entry, key=form_key())

    _, refused = tried(note, ("what", "recipient", "note", "rows"))
    if refused:
        return _deliveries_page(identity, status=refused.status, errors=refused.errors)
    return go_to(url_for("console.deliveries", identity=identity))


def _deliveries_page(identity: int, *, status: int = 200, errors: Any = None) -> Response:
    rt, actor = runtime(), calling().actor
    entries = delivering.list_deliveries(rt, actor, identity)
    run = assessing.one_run(rt, actor, identity)
    return console_page(
        "console/month/deliveries.html",
        title="month.deliveries",
        status=status,
        errors=errors,
        w=writer(),
        run=run,
        period=run.period,
        entries=entries,
        kinds=[str(one) for one in Delivery],
        form=request.form,
        key=new_key(),
        is_assessing=True,
        tab="deliveries",
    )
