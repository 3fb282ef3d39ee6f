"""Three cases that between them go through every action of the table that people can do."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridcase.store.configuration import add_version, documents_in_force
from tests.office import Caller, Office

#: Who is needed; ``asked`` in a walk is the inspector asked last.
WALKERS = (
    *("inspector", "inspector2", "acceptor", "shift_leader", "dispatcher", "unit_leader"),
    *("other_unit", "contractor", "leader"),
)
#: Who does what to one case after the other, so that every action is taken with as much to load and write as an
#: ordinary case can have.
WALKS: tuple[tuple[tuple[str, str, dict[str, Any]], ...], ...] = (
    (
        ("acceptor", "request_verification", {}),
        ("acceptor", "reassign_task", {}),
        ("acceptor", "withdraw_task", {}),
        ("acceptor", "request_verification", {}),
        ("asked", "verify", {"result": "true"}),
        ("acceptor", "register", {"condition": "1"}),
        ("acceptor", "void", {"reason": "test"}),
        ("acceptor", "restore", {"note": "误作废"}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-HW"}]}),
        ("dispatcher", "withdraw_dispatch", {}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-HW"}]}),
        ("unit_leader", "accept", {}),
        ("unit_leader", "return_task", {"reason": "not_ours"}),
        ("dispatcher", "reject_return", {"note": "属你单位职责"}),
        ("unit_leader", "ask_extension", {"amount": {"amount": "1", "unit": "working_day"}, "reason": "workload"}),
        ("shift_leader", "decide_extension", {"ruling": "grant"}),
        ("unit_leader", "ask_suspension", {"until": "2026-11-20T09:00:00+08:00", "reason": "season"}),
        ("shift_leader", "decide_suspension", {"ruling": "grant"}),
        ("unit_leader", "resume", {}),
        ("acceptor", "correct", {"condition": "1", "address": "南大街2号", "location": {}, "note": "更正"}),
        ("shift_leader", "decide_correction", {"ruling": "grant"}),
        ("unit_leader", "assign", {"unit": "NDJ-HW-01"}),
        ("unit_leader", "take_back", {}),
        ("unit_leader", "assign", {"unit": "NDJ-HW-01"}),
        ("contractor", "submit", {"done": "已清理"}),
        ("unit_leader", "reject", {"note": "不合格"}),
        ("contractor", "submit", {"done": "已清理"}),
        ("leader", "supervise", {"text": "请尽快办结"}),
        ("unit_leader", "answer_supervision", {"text": "正在办理"}),
        ("dispatcher", "urge", {"text": "请抓紧"}),
        ("unit_leader", "confirm", {"forced": "协办单位部分另行处置"}),
        ("acceptor", "request_check", {"mode": "on_site"}),
        ("asked", "check", {"result": "fail"}),
        ("shift_leader", "rework", {"note": "没有清理干净"}),
        ("other_unit", "report", {"done": "已配合"}),
        ("unit_leader", "report", {"done": "已清理", "forced": "协办单位部分另行处置"}),
        ("acceptor", "request_check", {"mode": "on_site"}),
        ("asked", "check", {"result": "pass"}),
        ("inspector2", "comment", {"text": "请尽快"}),
        ("inspector2", "attach", {}),
        ("shift_leader", "close", {}),
        ("shift_leader", "reopen", {"note": "误结案"}),
        ("dispatcher", "reassign", {"unit": "NDJ-HW", "reason": "workload", "assisting": [{"unit": "NDJ-SZ"}]}),
        ("shift_leader", "void", {"reason": "test"}),
        ("shift_leader", "restore", {"note": "误作废"}),
        ("shift_leader", "transfer", {"body": "power_company", "note": "属供电公司设施"}),
    ),
    (
        ("acceptor", "register", {"condition": "1"}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-SL"}]}),
        *(
            ("unit_leader", "return_task", {"reason": "not_ours"}),
            ("dispatcher", "reject_return", {"note": "属你单位职责"}),
        )
        * 2,
        ("unit_leader", "return_task", {"reason": "not_ours"}),
        ("shift_leader", "arbitrate", {"unit": "NDJ-HW", "reason": "wrong_unit", "note": "裁定"}),
        ("other_unit", "report", {"done": "已清理"}),
        ("acceptor", "request_check", {"mode": "waived", "note": "视频可见"}),
        ("shift_leader", "close", {}),
    ),
    (
        ("acceptor", "link_duplicate", {"lead": ""}),
        ("acceptor", "unlink_duplicate", {"note": "另一处"}),
    ),
)
WITH_PHOTOS = ("report", "check", "attach", "verify", "submit", "transfer")


def walks(
    callers: Mapping[str, Caller], office: Office
) -> Iterator[tuple[str, Iterator[tuple[Caller, str, dict[str, Any]]]]]:
    """File one case after the other and yield its number with the steps to take."""
    lead = _filed(callers, office)
    known = {"lead": lead, "location": office.filing()["location"]}
    for walk in WALKS:
        number = _filed(callers, office)
        yield number, _steps(callers, number, walk, known)


def _steps(
    callers: Mapping[str, Caller], number: str, walk: tuple[tuple[str, str, dict[str, Any]], ...], known: dict[str, Any]
) -> Iterator[tuple[Caller, str, dict[str, Any]]]:
    for name, action, fields in walk:
        caller = _asked(callers, number) if name == "asked" else callers[name]
        yield caller, action, fields | {field: known[field] for field in known.keys() & fields.keys()}


def _filed(callers: Mapping[str, Caller], office: Office) -> str:
    number: str = callers["acceptor"].file(office.filing(source="hotline")).json["number"]
    return number


def _asked(callers: Mapping[str, Caller], number: str) -> Caller:
    inspector = callers["acceptor"].get(f"/cases/{number}").json["tasks"][-1]["inspector"]
    return next(one for one in callers.values() if one.get("/me").json["id"] == inspector)


def nothing_by_rule(office: Office) -> None:
    """Put a conduct in force under which a dispatcher dispatches."""
    now = office.clock.now()
    with office.rt.database.writing() as tx:
        (row,) = [one for one in documents_in_force(tx) if one.kind == "conduct"]
        add_version(tx, kind=row.kind, name=row.name, digest="-", body=row.body | {"auto_dispatch": False}, now=now)
