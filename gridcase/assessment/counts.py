"""Count: every base count of the trade has its one definition in the table here.

Named expressions over the frames, summed by subject; no score and no rate. They run on any engine that
narwhals knows. Source: domain §6; the outcomes themselves were decided in ``gridcase.assessment.facts``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import narwhals as nw

from gridcase.assessment.facts import Handling
from gridcase.assessment.frames import Frames, epoch_second
from gridcase.assessment.selection import Attribution, CountBy, Filters, Selection
from gridcase.domain.case import Action, CaseNumber, Source, TaskKind
from gridcase.domain.time import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDefinition:
    """What a count counts.

    Parameters
    ----------
    name
        Key in every mapping of counts.
    zh, en
        The definition in words, for pages and reports.
    value
        Flag per line of the frame: whether it counts; null counts for nothing.
    times
        Column with the number of times that a line counts; empty for once.
    """

    name: str
    zh: str
    en: str
    value: nw.Expr
    times: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountGroup:
    """Counts with a common way into the month and common subjects.

    Parameters
    ----------
    definitions
        The counts.
    moment
        Column of the instant that puts a volume count into the month; empty for outcome counts, which follow
        the attribution.
    subjects
        Frame and column that name the subject in each view; in a view that is missing here, these counts have
        no meaning and do not appear.
    """

    definitions: tuple[CountDefinition, ...]
    moment: str
    subjects: Mapping[CountBy, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCounts:
    """The counts of one subject.

    Parameters
    ----------
    subject
        Unit code, area code, post or type key; None gathers what has none (never dispatched, unlocated).
    counts
        By name, every count that has a meaning in this view, 0 included.
    """

    subject: str | None
    counts: Mapping[str, int]


def count(frames: Frames, selection: Selection, names: Iterable[str] = ()) -> tuple[SubjectCounts, ...]:
    """Count for every subject, ordered by subject with None last.

    A subject without a single count in the period does not appear; an empty month gives an empty tuple. By
    unit, filing and registration count for the last unit of the case and dispatch for the first, so that each
    case is counted once; due counts are those of the assignments, assisting ones included.

    Parameters
    ----------
    names
        Count only these, and pass over frames that hold none of them; none given counts everything.
    """
    wanted = frozenset(names) or frozenset(count_names(selection.by))
    totals: dict[str | None, dict[str, int]] = {}
    for sweep in _sweeps(selection.by):
        if chosen := [name for name in sweep.names if name in wanted]:
            for subject, sums in _sums(frames, sweep, selection, chosen):
                totals.setdefault(subject, {}).update(sums)
    blank = {name: 0 for name in count_names(selection.by) if name in wanted}
    return tuple(
        SubjectCounts(subject=subject, counts=blank | totals[subject])
        for subject in sorted(totals, key=lambda subject: (subject is None, subject or ""))
        if any(totals[subject].values())
    )


def cases_behind(
    frames: Frames, selection: Selection, names: Iterable[str]
) -> Mapping[tuple[str | None, str], tuple[CaseNumber, ...]]:
    """Return the cases behind some counts of all subjects: by subject and name, each case once, ordered by number.

    What nothing is behind is left out. One pass over each frame, however many subjects there are.

    Raises
    ------
    KeyError
        When a count has no meaning in this view.
    """
    wanted = frozenset(names)
    if unknown := sorted(wanted - frozenset(count_names(selection.by))):
        raise KeyError(unknown[0])
    found: dict[tuple[str | None, str], tuple[CaseNumber, ...]] = {}
    for sweep in _sweeps(selection.by):
        if chosen := [name for name in sweep.names if name in wanted]:
            found |= _behind(frames, sweep, selection, chosen)
    return found


def amounts_of_cases(
    frames: Frames, selection: Selection, names: Iterable[str]
) -> Mapping[tuple[str, str], tuple[tuple[CaseNumber, int], ...]]:
    """Return how much each case adds to some counts: by subject and name, cases in the order of their numbers.

    The amounts of a list add up to the count: a case that two assignments brought to a unit, or that was reworked
    twice, counts twice. What nothing is behind, and what has no subject, is left out.
    """
    wanted = frozenset(names)
    found: dict[tuple[str, str], tuple[tuple[CaseNumber, int], ...]] = {}
    for sweep in _sweeps(selection.by):
        if chosen := [name for name in sweep.names if name in wanted]:
            found |= _case_amounts(frames, sweep, selection, chosen)
    return found


def case_numbers(frames: Frames, selection: Selection, *, subject: str | None, name: str) -> tuple[CaseNumber, ...]:
    """Return the cases behind one count of one subject, each once, in the order of their numbers.

    Raises
    ------
    KeyError
        When the count has no meaning in this view.
    """
    return cases_behind(frames, selection, (name,)).get((subject, name), ())


def count_names(by: CountBy) -> tuple[str, ...]:
    """Return the names of the counts that have a meaning in a view, in the order of the work."""
    return tuple(definition.name for group in groups_of(by) for definition in group.definitions)


def groups_of(by: CountBy) -> tuple[CountGroup, ...]:
    """Return the groups of counts that have a meaning in a view, in the order of the work."""
    return tuple(group for group in GROUPS if by in group.subjects)


def _is(column: str, value: str) -> nw.Expr:
    return nw.col(column) == value


def _happened(column: str) -> nw.Expr:
    return ~nw.col(column).is_null()


def _define(name: str, value: nw.Expr, zh: str, en: str, *, times: str = "") -> CountDefinition:
    return CountDefinition(name=name, zh=zh, en=en, value=value, times=times)


_REGISTERED = _happened("registered_at")
_VOID = nw.col("is_void")
_DUPLICATE = nw.col("is_duplicate")
_SELF_HANDLED = nw.col("self_handled")
_CLOSED = nw.col("is_closed")
_IN_DUE = ~nw.col("left_due")
_ON_TIME = _is("handling", Handling.ON_TIME)
_OVERDUE = _is("handling", Handling.OVERDUE)
_OVERDUE_OPEN = _is("handling", Handling.OVERDUE_OPEN)

FILING = (
    _define("filed", _happened("filed_at"), "上报：收到的案件", "Cases filed"),
    _define(
        "valid",
        (_REGISTERED | _SELF_HANDLED) & ~_VOID & ~_DUPLICATE,
        "有效上报：本期上报、已立案或自处置，未作废且非重复上报",
        "Filed in the period, registered or self-handled, and neither void nor a duplicate at the cut-off",
    ),
    _define("invalid_report", _VOID, "无效上报：本期上报、已作废", "Filed in the period, void at the cut-off"),
    _define(
        "duplicates",
        _DUPLICATE,
        "重复上报：本期上报、并入在办案件，既不作废也不计有效，仍计发现人",
        "Filed in the period and linked to an open case at the cut-off: neither void nor valid, credited to the finder",
    ),
    _define(
        "self_handled",
        _SELF_HANDLED,
        "自处置：上报即自行处置并结案，单独统计，不计立案、派遣、应处置、结案",
        "Handled on the spot and closed when filed; in no count of registration, dispatch, handling or closing",
    ),
    *(
        _define(
            f"filed_from_{source}",
            _is("source", source),
            f"上报，案件来源为 {source}",
            f"Cases filed whose source is {source}",
        )
        for source in Source
    ),
)

_STANDING = ~_VOID & ~_DUPLICATE
RECURRING = (
    _define(
        "recurrent",
        nw.col("recurrent") & _STANDING,
        "反复发案：经系统认定且未被复核否定，计入新案件的上报月份，由前一案件的最后处置单位承担",
        "Found to repeat a case closed shortly before and not dismissed: in the month in which the new case was filed, "
        "charged to the unit that handled the earlier one last",
    ),
)

MISSING = (
    _define(
        "missed",
        nw.col("missed") & _STANDING,
        "漏报：上级发现，此前 24 小时内 50 米范围没有本级同类案件，且未被复核否定",
        "Found by a superior with no case of ours of the type within 50 m in the 24 hours before, and not dismissed",
    ),
)

ACCEPTING = (
    _define(
        "accepted",
        _happened("accepted_at"),
        "受理：首次立案、自处置或派出核实",
        "Cases taken in: for the first time registered, self-handled, or sent to be verified",
    ),
)

REGISTERING = (
    _define("registered", _REGISTERED, "立案，含此后作废的", "Registered, those voided later included"),
    _define(
        "registered_on_time",
        _REGISTERED & ~nw.col("registered_late"),
        "按时立案：不晚于立案时限",
        "Registered at or before the registration deadline",
    ),
    _define(
        "registered_then_void",
        _REGISTERED & _VOID,
        "误立案（计立案人）：本期立案，截止时已作废",
        "Registered in the period and void at the cut-off: charged to whoever registered",
    ),
)

VOIDING = (
    _define("void", _VOID, "作废", "Made void in the period and void at the cut-off"),
    _define(
        "void_after_registration",
        _VOID & _REGISTERED,
        "误立案：立案后作废",
        "Made void in the period after having been registered",
    ),
)

TRANSFERRING = (
    _define(
        "transferred",
        _happened("transferred_at"),
        "移送：移交外单位，不再计应处置",
        "Handed over to a body outside in the period; in no due count any more",
    ),
)

REOPENING = (
    _define(
        "reopened",
        _happened("reopened_at"),
        "撤销结案：按最近一次计",
        "Cases whose closing was taken back, in the period of the last time",
    ),
)

DISPATCHING = (
    _define(
        "dispatched",
        _happened("dispatched_at"),
        "派遣：首次派遣，撤回的不计",
        "Dispatched for the first time; a withdrawn dispatch is none",
    ),
    _define(
        "dispatched_on_time",
        _happened("dispatched_at") & ~nw.col("dispatched_late"),
        "按时派遣：不晚于派遣时限",
        "First dispatched at or before the dispatch deadline",
    ),
    _define(
        "accurately_dispatched",
        nw.col("accurately_dispatched"),
        "准确派遣：首个单位未因派错而改派",
        "The first assignment had no upheld return and no wrong-unit reassignment",
    ),
)

HANDLING = (
    _define(
        "due_to_handle",
        _ON_TIME | _OVERDUE | _OVERDUE_OPEN,
        "应处置 = 按期处置 + 超期处置 + 超期未处置",
        "Handled on time + handled overdue + overdue and open",
    ),
    _define(
        "handled_on_time",
        _ON_TIME,
        "按期处置：核查通过或待核查的反馈不晚于现行处置时限",
        "The report that passed, or still awaits its check, is at or before the deadline in force",
    ),
    _define(
        "handled_overdue",
        _OVERDUE,
        "超期处置：该反馈晚于现行处置时限",
        "That report is after the deadline in force",
    ),
    _define(
        "overdue_open",
        _OVERDUE_OPEN,
        "超期未处置：截止时已过时限且无有效反馈；时限内申请、待批的延期和未结束的挂账除外",
        "No valid report at the cut-off, and the deadline has passed; not while an extension or suspension, asked at "
        "or before the deadline, is pending or goes on",
    ),
    _define(
        "due_to_close",
        _CLOSED | _OVERDUE_OPEN,
        "应结案 = 结案 + 超期未处置",
        "Closed + overdue and open, of the same cases",
    ),
)


def _touched(name: str, column: str, among: nw.Expr, zh: str) -> tuple[CountDefinition, CountDefinition]:
    """Define the pair: cases touched, and times."""
    words = name.replace("_", " ")
    return (
        _define(f"{name}_cases", among & (nw.col(column) > 0), f"有{zh}的案件数", f"Cases with at least one {words}"),
        _define(f"{name}_events", among, f"{zh}次数", f"Number of times: {words}", times=column),
    )


TOUCHING = (
    *_touched("rework", "reworks", _IN_DUE, "返工"),
    *_touched("extension", "extensions", _IN_DUE, "延期"),
    *_touched("suspension", "suspensions", _IN_DUE, "挂账"),
    *_touched("failed_check", "failed_checks", _IN_DUE, "核查不通过"),
    _define(
        "false_feedback",
        _IN_DUE & (nw.col("false_feedbacks") > 0),
        "虚假反馈：核查不通过并认定反馈不实的案件数",
        "Cases whose failed check says that the unit had reported as done what was not",
    ),
    # An upheld return takes its assignment out of due, but it was a return all the same.
    *_touched("return", "returns", ~_VOID, "回退"),
    *_touched("supervision", "supervisions", ~_VOID, "督办"),
    _define(
        "supervision_answered_on_time",
        ~_VOID,
        "按时回复督办次数",
        "Of these times, answered at or before the supervision's deadline",
        times="supervisions_on_time",
    ),
    _define(
        "suspended",
        nw.col("is_suspended"),
        "截止时挂账中",
        "Suspended at the cut-off, whether or not the deadline had passed before",
    ),
)

CLOSING = (
    _define("closed", _CLOSED, "结案 = 按期结案 + 超期结案", "Closed at the cut-off"),
    _define(
        "closed_on_time",
        _CLOSED & ~nw.col("closed_late"),
        "按期结案：不晚于处置、核查、结案时限之和",
        "Closed at or before handling + check + close limits",
    ),
    _define("closed_overdue", _CLOSED & nw.col("closed_late"), "超期结案：其余结案", "The rest of closed"),
    _define(
        "closed_within_handling_limit",
        _CLOSED & ~nw.col("closed_past_handling"),
        "处置时限内结案",
        "Closed at or before the handling deadline",
    ),
    _define(
        "closed_past_handling_limit",
        _CLOSED & nw.col("closed_past_handling"),
        "超过处置时限结案",
        "Closed after the handling deadline",
    ),
)


def _asked(kind: TaskKind, zh: str, en: str) -> tuple[CountDefinition, CountDefinition]:
    """Define the pair of a kind of task: asked, and done in time."""
    is_kind = _is("kind", kind)
    return (
        _define(
            f"{kind}_asked",
            is_kind & nw.col("counted"),
            f"应{zh}：派出的{zh}任务，时限内收回的不计",
            f"{en} tasks asked in the period, without those withdrawn at or before their deadline",
        ),
        _define(
            f"{kind}_on_time",
            is_kind & _happened("done_at") & ~nw.col("late"),
            f"按时{zh}：采集时刻不晚于任务时限",
            "Of these, done at or before the task's deadline by the time of capture",
        ),
    )


VERIFYING = _asked(TaskKind.VERIFY, "核实", "Verification")
CHECKING = _asked(TaskKind.CHECK, "核查", "Check")

_VERIFICATION_SENT = _is("action", Action.REQUEST_VERIFICATION) & _happened("task")
_CHECK_SENT = _is("action", Action.REQUEST_CHECK) & _happened("task")
_SENT = _VERIFICATION_SENT | _CHECK_SENT
SENDING = (
    _define("tasks_sent", _SENT, "派发核实、核查任务，改派的不重计", "Verifications and checks sent out, each once"),
    _define(
        "tasks_sent_on_time",
        _SENT & ~nw.col("late"),
        "按时派发任务：核实不晚于立案时限，核查不晚于反馈后的核查时限",
        "Verifications sent at or before the registration deadline, checks at or before that of the check clock which "
        "the report started",
    ),
    _define("verify_sent", _VERIFICATION_SENT, "派发核实任务", "Of these, verifications"),
    _define(
        "verify_sent_on_time",
        _VERIFICATION_SENT & ~nw.col("late"),
        "按时派发核实任务：不晚于立案时限",
        "Verifications sent at or before the registration deadline",
    ),
    _define("check_sent", _CHECK_SENT, "派发核查任务", "Of these, checks"),
    _define(
        "check_sent_on_time",
        _CHECK_SENT & ~nw.col("late"),
        "按时派发核查任务：不晚于反馈后的核查时限",
        "Checks sent at or before the deadline of the check clock which the report started",
    ),
)


def _by(frame: str, *, unit: str = "", post: str = "", area: bool = True) -> dict[CountBy, tuple[str, str]]:
    """Name the subject columns of a frame; a view without a column is left out."""
    places = {CountBy.AREA: "community", CountBy.STREET: "street", CountBy.TYPE: "type"} if area else {}
    columns = places | {CountBy.UNIT: unit, CountBy.POST: post}
    return {by: (frame, column) for by, column in columns.items() if column}


#: Units are judged by their assignments, areas and types by cases (domain §4).
_OF_ASSIGNMENTS = _by("cases") | {CountBy.UNIT: ("assignments", "unit")}
_BY_FILER = _by("cases", unit="unit", post="filed_by")
_BY_REGISTRAR = _by("cases", unit="unit", post="registered_by")
_BY_ACCEPTOR = _by("cases", unit="unit", post="accepted_by")

#: Every base count, in the order of the work.
GROUPS: tuple[CountGroup, ...] = (
    CountGroup(definitions=FILING, moment="filed_at", subjects=_BY_FILER),
    CountGroup(definitions=RECURRING, moment="filed_at", subjects=_by("cases", unit="charged_unit")),
    # A place was missed by who should have looked there, not by the unit that tidied it up afterwards.
    CountGroup(definitions=MISSING, moment="filed_at", subjects=_by("cases")),
    CountGroup(definitions=ACCEPTING, moment="accepted_at", subjects=_BY_ACCEPTOR),
    CountGroup(definitions=REGISTERING, moment="registered_at", subjects=_BY_REGISTRAR),
    CountGroup(definitions=VOIDING, moment="void_at", subjects=_by("cases", unit="unit", post="voided_by")),
    CountGroup(
        definitions=TRANSFERRING, moment="transferred_at", subjects=_by("cases", unit="unit", post="transferred_by")
    ),
    CountGroup(
        definitions=DISPATCHING,
        moment="dispatched_at",
        subjects=_by("cases", unit="first_unit", post="dispatched_by"),
    ),
    CountGroup(definitions=(*HANDLING, *TOUCHING), moment="", subjects=_OF_ASSIGNMENTS),
    CountGroup(definitions=CLOSING, moment="", subjects=_OF_ASSIGNMENTS | {CountBy.POST: ("cases", "closed_by")}),
    CountGroup(definitions=REOPENING, moment="reopened_at", subjects=_by("cases", unit="unit", post="reopened_by")),
    # A report is verified before any unit has the case.
    CountGroup(definitions=VERIFYING, moment="asked_at", subjects=_by("tasks", post="post")),
    CountGroup(definitions=CHECKING, moment="asked_at", subjects=_by("tasks", unit="unit", post="post")),
    CountGroup(definitions=SENDING, moment="at", subjects=_by("actions", post="post", area=False)),
)


_SUBJECT = "subject of the count"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sweep:
    """All that is counted in one pass over a frame: the counts whose subject stands in the same column."""

    frame: str
    column: str
    counts: tuple[tuple[CountGroup, CountDefinition], ...]

    @property
    def names(self) -> list[str]:
        return [definition.name for _, definition in self.counts]


@cache
def _sweeps(by: CountBy) -> tuple[_Sweep, ...]:
    gathered: dict[tuple[str, str], list[tuple[CountGroup, CountDefinition]]] = {}
    for group in groups_of(by):
        gathered.setdefault(group.subjects[by], []).extend((group, one) for one in group.definitions)
    return tuple(
        _Sweep(frame=frame, column=column, counts=tuple(counts)) for (frame, column), counts in gathered.items()
    )


def _sums(
    frames: Frames, sweep: _Sweep, selection: Selection, names: list[str]
) -> Iterator[tuple[str | None, dict[str, int]]]:
    summed = _amounts(frames, sweep, selection, names).group_by(_SUBJECT).agg(*(nw.col(name).sum() for name in names))
    for subject, *sums in _collected(summed).select(_SUBJECT, *names).iter_rows():
        # An engine may sum nothing but nulls to null.
        yield subject, {name: int(number or 0) for name, number in zip(names, sums, strict=True)}


def _behind(
    frames: Frames, sweep: _Sweep, selection: Selection, names: list[str]
) -> dict[tuple[str | None, str], tuple[CaseNumber, ...]]:
    lines = _amounts(frames, sweep, selection, names, "case").filter(
        nw.any_horizontal(*(nw.col(name) > 0 for name in names), ignore_nulls=True)
    )
    counted = _collected(lines)
    found: dict[tuple[str | None, str], tuple[CaseNumber, ...]] = {}
    for name in names:
        pairs = counted.filter(nw.col(name) > 0).select(_SUBJECT, "case").unique().sort("case")
        cases: dict[str | None, list[CaseNumber]] = {}
        # Two columns as lists are read several times faster than rows as tuples.
        for subject, case in zip(pairs.get_column(_SUBJECT).to_list(), pairs.get_column("case").to_list(), strict=True):
            cases.setdefault(subject, []).append(case)
        found |= {(subject, name): tuple(numbers) for subject, numbers in cases.items()}
    return found


def _case_amounts(
    frames: Frames, sweep: _Sweep, selection: Selection, names: list[str]
) -> dict[tuple[str, str], tuple[tuple[CaseNumber, int], ...]]:
    some = nw.any_horizontal(*(nw.col(name) > 0 for name in names), ignore_nulls=True)
    lines = _amounts(frames, sweep, selection, names, "case").filter(some, ~nw.col(_SUBJECT).is_null())
    summed = _collected(lines.group_by(_SUBJECT, "case").agg(*(nw.col(name).sum() for name in names)))
    found: dict[tuple[str, str], list[tuple[CaseNumber, int]]] = {}
    for name in names:
        counted = summed.filter(nw.col(name) > 0).select(_SUBJECT, "case", name).sort("case")
        columns = (counted.get_column(column).to_list() for column in (_SUBJECT, "case", name))
        for subject, case, amount in zip(*columns, strict=True):
            found.setdefault((subject, name), []).append((case, int(amount)))
    return {key: tuple(cases) for key, cases in found.items()}


def _amounts(
    frames: Frames, sweep: _Sweep, selection: Selection, names: Iterable[str] = (), *besides: str
) -> nw.LazyFrame[Any]:
    """Plan what every line of a frame adds to each count; nothing runs yet, and null stands for nothing."""
    lines: nw.LazyFrame[Any] = getattr(frames, sweep.frame).lazy()
    for condition in _passes(selection.filters):
        lines = lines.filter(condition)
    wanted = frozenset(names or sweep.names)
    amounts = [
        _amount(definition, group, selection).alias(definition.name)
        for group, definition in sweep.counts
        if definition.name in wanted
    ]
    # The subject is renamed, because a count may bear the name of a column.
    return lines.select(nw.col(sweep.column).alias(_SUBJECT), *besides, *amounts)


def _collected(lines: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Run a plan; polars in batches, so that memory does not grow with the number of lines."""
    if lines.implementation.is_polars():
        return lines.collect("polars", engine="streaming")
    return lines.collect("polars")


def _passes(filters: Filters) -> Iterator[nw.Expr]:
    kinds_of_type = (filters.schemes, filters.kinds, filters.majors)
    if filters.types:
        yield nw.col("type").is_in([str(key) for key in filters.types])
    if any(kinds_of_type):
        yield nw.col("type").str.contains(_type_pattern(*kinds_of_type))
    if filters.sources:
        yield nw.col("source").is_in([str(source) for source in filters.sources])
    if filters.channels:
        yield nw.col("source").is_in([str(source) for source in Source if source.channel in filters.channels])
    if filters.area_classes:
        yield nw.col("area_class").is_in(list(filters.area_classes))
    if filters.places:
        yield nw.any_horizontal(*map(_lies_in, filters.places), ignore_nulls=True)
    if filters.streets:
        yield nw.col("street").is_in(list(filters.streets))


def _type_pattern(schemes: Iterable[str], kinds: Iterable[str], majors: Iterable[str]) -> str:
    """Match a type written ``scheme/kind/code``; what is empty matches anything."""
    scheme, kind, major = ("|".join(map(re.escape, chosen)) for chosen in (schemes, kinds, majors))
    return f"^({scheme or '[^/]*'})/({kind or '[^/]*'})/({major})"


def _lies_in(place: str) -> nw.Expr:
    """Look for ``|layer:code|`` among a case's places; a layer alone stands for any of its features."""
    return nw.col("places").str.contains(f"|{place}|" if ":" in place else f"|{place}:", literal=True)


def _amount(definition: CountDefinition, group: CountGroup, selection: Selection) -> nw.Expr:
    """Return the value inside the selection, 0 or null outside it."""
    inside = _population(selection) if not group.moment else _moment(group, selection)
    counted = inside & definition.value
    # One byte for a flag: a million lines and sixty counts would be half a gigabyte otherwise. A sum is an Int64.
    return counted.cast(nw.Int64) * nw.col(definition.times) if definition.times else counted.cast(nw.Int8)


def _moment(group: CountGroup, selection: Selection) -> nw.Expr:
    follows = selection.attribution is Attribution.FILED
    return _within("filed_at" if follows else group.moment, selection.period)


def _population(selection: Selection) -> nw.Expr:
    period = selection.period
    match selection.attribution:
        case Attribution.DEADLINE:
            return _within("handle_due_at", period)
        case Attribution.FILED:
            return _within("filed_at", period)
        case Attribution.REGISTERED:
            return _within("registered_at", period)
        case Attribution.CLOSED:
            return _within("closed_at", period)
        case Attribution.FLOW:
            still_open = _OVERDUE_OPEN & nw.col("is_open") & (nw.col("handle_due_at") < epoch_second(period.end))
            return _within("closed_at", period) | still_open.fill_null(value=False)


def _within(column: str, period: Period) -> nw.Expr:
    """Tell whether the instant falls in the period; what never happened does not."""
    instant = nw.col(column)
    inside = (instant >= epoch_second(period.start)) & (instant < epoch_second(period.end))
    return inside.fill_null(value=False)
