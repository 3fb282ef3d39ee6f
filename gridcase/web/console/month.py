"""Months: which there are, where one stands by its timetable, and what the caller may do with its runs now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.errors import NotFoundError
from gridcase.domain.time import is_late
from gridcase.edge.assessment_schemas import NoteSchema, ReasonSchema, RunRequestSchema
from gridcase.edge.runtime import calling, runtime
from gridcase.services import assessing, closing_month
from gridcase.services.assessing import Run
from gridcase.services.closing_month import Month
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.month_writing import form_key, is_assessing, loaded, new_key, tried, writer
from gridcase.web.console.rendering import console_page, fragment
from gridcase.workflow.timetable import Act, MonthState

_MONTHS = 24
_ACTS = frozenset({"approve", "seal", "send", "withdraw", "reissue"})
#: Work that is waited for: the page asks again.
WORKING = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the timetable as the page shows it.

    Parameters
    ----------
    state
        ``done``, ``now``, ``late`` or ``next``.
    roles
        Who has to do it; empty where time does.
    done_at, done_by
        When and in which role it was done.
    """

    name: str
    due_at: datetime
    roles: tuple[str, ...]
    state: str
    done_at: datetime | None = None
    done_by: str = ""


@console.route("/month", methods=["GET"])
def months() -> Response:
    """List the months, newest first."""
    rt, actor = runtime(), calling().actor
    found = assessing.months(rt, actor, before=request.args.get("before"), limit=_MONTHS)
    shown = found[:_MONTHS]
    today = rt.clock.now().astimezone(rt.settings.zone)
    current = f"{today:%Y-%m}"
    previous = f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02d}"
    return console_page(
        "console/month/months.html",
        title="month.months",
        months=shown,
        before=shown[-1].period if len(found) > _MONTHS else None,
        current=current,
        previous=previous,
        is_assessing=is_assessing(),
    )


@console.route("/month/<string:period>", methods=["GET"])
def month(period: str) -> Response:
    """Show where a month stands."""
    return _month_page(period)


@console.route("/month/<string:period>/state", methods=["GET"])
def month_state(period: str) -> Response:
    """Show the same without its frame, once, when the work is done: until then what is being typed there stays."""
    values = _state(period)
    return (
        Response(status=204) if values["is_working"] else fragment("console/month/_state.html", errors=None, **values)
    )


@console.route("/month/<string:period>/runs", methods=["POST"])
def run_month(period: str) -> BaseResponse:
    """Ask for a run."""
    rt, actor = runtime(), calling().actor
    name = request.form.get("rule_set", "")

    def ask() -> Run:
        asked = loaded(RunRequestSchema, {"period": period, "rule_set": name})
        return assessing.request_run(rt, actor, asked["period"], asked["rule_set"], key=form_key())[0]

    made, refused = tried(ask, ("rule_set",))
    if refused:
        return _month_page(period, status=refused.status, errors=refused.errors)
    assert made is not None  # noqa: S101 - else it was refused
    return go_to(url_for("console.month", period=period, rules=made.rule_set))


@console.route("/month/runs/<int:identity>/<string:act>", methods=["POST"])
def act_on_run(identity: int, act: str) -> BaseResponse:
    """Approve, seal, send, withdraw or re-issue a run."""
    if act not in _ACTS:
        raise NotFoundError("route_not_found")
    rt, actor = runtime(), calling().actor
    run = assessing.one_run(rt, actor, identity)
    key = form_key()
    said = request.form.get("reason", "").strip()

    def do() -> Any:
        if act == Act.SEAL:
            return closing_month.seal(rt, actor, identity, key=key)
        if act in (Act.APPROVE, Act.SEND):
            note = loaded(NoteSchema, {"note": said})["note"]
            use_case = closing_month.approve if act == Act.APPROVE else closing_month.send
            return use_case(rt, actor, identity, note, key=key)
        reason = loaded(ReasonSchema, {"reason": said})["reason"]
        if act == Act.WITHDRAW:
            return closing_month.withdraw(rt, actor, identity, reason, key=key)
        return closing_month.request_reissue(rt, actor, identity, reason, key=key)

    _, refused = tried(do, ("reason", "note"))
    if refused:
        # A note is typed where a reason would be.
        errors = {"reason" if name == "note" else name: some for name, some in refused.errors.items()}
        return _month_page(run.period, status=refused.status, errors=errors, rules=run.rule_set, asked=(act, said))
    return go_to(url_for("console.month", period=run.period, rules=run.rule_set))


def _month_page(
    period: str, *, status: int = 200, errors: Any = None, rules: str | None = None, asked: tuple[str, str] = ("", "")
) -> Response:
    """Show a month; ``asked`` is the act that was refused, with what was typed for it."""
    return console_page(
        "console/month/month.html",
        title="month.months",
        status=status,
        errors=errors,
        asked=asked,
        **_state(period, rules=rules),
    )


def _state(period: str, *, rules: str | None = None) -> dict[str, Any]:
    rt, actor = runtime(), calling().actor
    found = closing_month.month(rt, actor, period)
    names = list(dict.fromkeys(one.rule_set for one in sorted(found.runs, key=_rank)))
    chosen = rules or request.args.get("rules") or (names[0] if names else "")
    runs = tuple(one for one in found.runs if one.rule_set == chosen)
    run = _main(runs)
    possible = closing_month.possible(rt, actor, run.id) if run and run.status == "done" else {}
    in_force = assessing.rule_sets(rt, actor, period)
    now = rt.clock.now()
    return {
        "heading": f"{period}",
        "w": writer(in_force),
        "month": found,
        "period": period,
        "steps": tuple(_steps(found, run, now)),
        "rule_sets": names,
        "chosen": chosen,
        "runs": runs,
        "run": run,
        "possible": possible,
        "in_force": in_force,
        "is_working": any(_is_working(one) for one in found.runs),
        "may_run": is_assessing(),
        "is_assessing": is_assessing(),
        "state": run.state if run else (MonthState.OPEN if now < found.dates.cut_off else MonthState.DRAFT),
        "key": new_key(),
        "tab": "month",
    }


def _is_working(run: Run) -> bool:
    return run.status in WORKING or (run.is_sealed and not run.is_packed)


def _rank(run: Run) -> tuple[bool, int]:
    """Sort sealed runs before others, and newer ones first."""
    return not run.is_sealed, -run.id


def _main(runs: Sequence[Run]) -> Run | None:
    """Return the run that the month's state is told by: the newest that stands, sealed before drafts of it.

    A re-issue that waits to be sealed is newer than what it supersedes, and is the one to be worked on.
    """
    standing = [one for one in runs if one.state not in (MonthState.WITHDRAWN, MonthState.SUPERSEDED)]
    reissued = [one for one in standing if one.supersedes is not None]
    sealed = [one for one in standing if one.is_sealed]
    done = [one for one in standing if one.status == "done"]
    for group in (reissued, sealed, done, standing, list(runs)):
        if group:
            return max(group, key=lambda one: one.id)
    return None


def _steps(month: Month, run: Run | None, now: datetime) -> Iterator[Step]:
    """Return the line of steps: what is done, what is next and who has to do it."""
    dates = month.dates
    acts = {one.act: one for one in run.acts} if run else {}
    is_cut, is_public = is_late(now, dates.cut_off), is_late(now, dates.publicity_ends_at)
    draft = acts.get(Act.DRAFT)
    sealed = acts.get(Act.SEAL)
    done: list[tuple[str, datetime, tuple[str, ...], bool, Any]] = [
        ("draft", dates.draft_at, ("assessor",), draft is not None, draft),
        ("cut_off", dates.cut_off, (), is_cut, None),
        ("publicity", dates.publicity_ends_at, ("unit_leader",), is_public, None),
        ("decide", dates.decided_at, ("assessor", "leader"), is_public and (not month.undecided or bool(sealed)), None),
        ("approve", dates.approved_at, ("leader",), Act.APPROVE in acts, acts.get(Act.APPROVE)),
        ("seal", dates.approved_at, ("assessor", "leader"), Act.SEAL in acts, sealed),
        ("send", dates.approved_at, ("assessor", "leader"), Act.SEND in acts, acts.get(Act.SEND)),
    ]
    is_next = True
    for name, due_at, roles, is_done, act in done:
        state = "done" if is_done else "late" if is_late(now, due_at) else "now" if is_next else "next"
        is_next = is_next and is_done
        yield Step(
            name=name,
            due_at=due_at,
            roles=roles,
            state=state,
            done_at=act.at if act else None,
            done_by=act.role if act else "",
        )
