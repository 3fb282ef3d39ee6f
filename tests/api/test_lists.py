"""Lists: filters, order, pages that show each case exactly once while the town goes on filing."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from tests.office import FIRE_LANE, MONDAY, Caller, Office, inner_point

AREAS = ("320404005001", "320404005004", "320404005008")


def file_many(office: Office, count: int, *, step: timedelta = timedelta(minutes=7)) -> list[dict[str, Any]]:
    """File cases over time in several areas, by two sources; some at the very same instant."""
    inspector, acceptor = office.caller("inspector"), office.caller("acceptor")
    found = []
    for index in range(count):
        point = inner_point(office.rt, AREAS[index % 3])
        place = {"lon": point.lon, "lat": point.lat}
        is_call = index % 4 == 3
        answer = (acceptor if is_call else inspector).file(
            office.filing(
                source="hotline" if is_call else "inspector",
                location=place,
                description=f"Case {index}: 100%_堵塞",
                address=None if index % 5 else f"延陵西路 {index} 号",
            )
        )
        assert answer.status_code == 201, answer.json
        found.append(answer.json)
        if index % 3:
            office.clock.advance(step)
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def town(request: pytest.FixtureRequest) -> Office:
    office: Office = request.getfixturevalue(f"shared_{request.param}_office")
    file_many(office, 20)
    office.clock.instant = MONDAY + timedelta(hours=2, minutes=10, milliseconds=500)
    return office


@pytest.fixture(scope="module")
def reader(town: Office) -> Caller:
    return town.caller("leader")


@pytest.fixture(scope="module")
def all_cases(reader: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.get("/cases", limit=200).json["items"]
    assert len(found) == 20
    return found


def pages(caller: Caller, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Follow the cursor to the end."""
    cursor: dict[str, str] = {}
    while True:
        answer = caller.get("/cases", **query, **cursor)
        assert answer.status_code == 200, answer.json
        yield answer.json["items"]
        if answer.json["next_cursor"] is None:
            return
        cursor = {"cursor": answer.json["next_cursor"]}


def numbers(items: list[dict[str, Any]]) -> list[str]:
    return [item["number"] for item in items]


#: Filter → what a case must be to stand in the list.
FILTERS: dict[str, tuple[dict[str, Any], Any]] = {
    "one state": ({"state": "received"}, lambda case: case["state"] == "received"),
    "two states": ({"state": ["received", "dispatched"]}, lambda case: True),
    "a state nobody is in": ({"state": "closed"}, lambda case: False),
    "a stage": ({"stage": "dispatch"}, lambda case: case["stage"] == "dispatch"),
    "a stage and a state": ({"stage": "dispatch", "state": "received"}, lambda case: True),
    "a unit": ({"unit": "NDJ-ZF"}, lambda case: case["unit"] == "NDJ-ZF"),
    "another unit": ({"unit": "NDJ-HW"}, lambda case: case["unit"] == "NDJ-HW"),
    "a community": ({"area": AREAS[1]}, lambda case: case["cell"].startswith(AREAS[1])),
    "a street": ({"area": "320404005"}, lambda case: True),
    "another street": ({"area": "320404006"}, lambda case: False),
    "part of a code": ({"area": "3204040050"}, lambda case: True),
    "a pattern": ({"area": "32%"}, lambda case: False),
    "a cell": ({"cell": AREAS[0] + "001"}, lambda case: case["cell"] == AREAS[0] + "001"),
    "a type by its code": ({"type": "09012"}, lambda case: True),
    "a type in full": ({"type": "GBT47678.5-2026/event/09012"}, lambda case: True),
    "a type of another scheme": ({"type": "local/event/09012"}, lambda case: False),
    "a source": ({"source": "hotline"}, lambda case: case["source"] == "hotline"),
    "overdue": ({"overdue": "true"}, lambda case: case["overdue"]),
    "not overdue": ({"overdue": "false"}, lambda case: not case["overdue"]),
    "words": ({"q": "延陵西路"}, lambda case: "延陵西路" in (case["address"] or "")),
    "words of any case": ({"q": "cASE 1"}, lambda case: "Case 1" in case["description"]),
    "a percent sign": ({"q": "0%_"}, lambda case: True),
    "an underscore alone": ({"q": "0_堵"}, lambda case: False),
    "from an instant on": (
        {"filed_from": "2026-10-12T09:21:00+08:00"},
        lambda case: case["filed_at"] >= "2026-10-12T09:21:00+08:00",
    ),
    "before an instant": (
        {"filed_to": "2026-10-12T01:21:00Z"},
        lambda case: case["filed_at"] < "2026-10-12T09:21:00+08:00",
    ),
    "between two, the later left out": (
        {"filed_from": "2026-10-12T09:07:00+08:00", "filed_to": "2026-10-12T09:21:00+08:00"},
        lambda case: "2026-10-12T09:07" <= case["filed_at"] < "2026-10-12T09:21",
    ),
    "several at once": (
        {"state": "dispatched", "area": AREAS[0], "q": "Case"},
        lambda case: case["state"] == "dispatched" and case["cell"].startswith(AREAS[0]),
    ),
}


@pytest.mark.parametrize(("query", "fits"), FILTERS.values(), ids=FILTERS)
def test_a_filter_shows_those_that_fit_newest_first(reader, all_cases, query, fits):
    found = reader.get("/cases", **query)
    assert found.status_code == 200
    assert numbers(found.json["items"]) == [case["number"] for case in all_cases if fits(case)]


def test_the_filters_above_divide_the_cases(all_cases):
    """A filter that fits every case, or none, proves little: these must do neither."""
    dividing = [
        "one state", "a stage", "a unit", "a community", "a source", "overdue", "words", "words of any case",
        "from an instant on", "before an instant", "between two, the later left out", "several at once",
    ]  # fmt: skip
    counts = {name: sum(bool(FILTERS[name][1](case)) for case in all_cases) for name in dividing}
    assert all(0 < count < len(all_cases) for count in counts.values()), counts


def test_a_box_holds_its_edges_and_leaves_out_cases_without_a_place(sqlite_office):
    inspector, acceptor = sqlite_office.caller("inspector"), sqlite_office.caller("acceptor")
    number = inspector.file().json["number"]
    acceptor.file(sqlite_office.filing(source="hotline", location=None, address="不详"))
    point = sqlite_office.point()
    west, south = point.lon, point.lat
    boxes = {
        f"{west},{south},{west},{south}": [number],
        f"{west - 1},{south - 1},{west + 1},{south + 1}": [number],
        f"{west + 0.000001},{south},{west + 1},{south + 1}": [],
        "-180,-90,180,90": [number],
    }
    found = {box: numbers(acceptor.get("/cases", bbox=box).json["items"]) for box in boxes}
    assert found == boxes


def test_a_deadline_is_overdue_one_second_after_it_in_the_list_and_in_the_case(office):
    caller = office.caller("leader")
    number = office.caller("inspector").file().json["number"]
    due = datetime.fromisoformat(caller.get(f"/cases/{number}").json["due_at"])
    for past, late in ((-1, False), (0, False), (0.9, False), (1, True)):
        office.clock.instant = due.astimezone(UTC) + timedelta(seconds=past)
        caller = office.caller("leader")
        listed = {flag: numbers(caller.get("/cases", overdue=flag).json["items"]) for flag in ("true", "false")}
        assert listed == {"true": [number] if late else [], "false": [] if late else [number]}, past
        assert caller.get(f"/cases/{number}").json["overdue"] is late


@pytest.mark.parametrize("limit", [1, 3, 7, 19, 20, 200])
@pytest.mark.parametrize("query", [{}, {"order": "due"}, {"stage": "dispatch"}, {"order": "due", "area": AREAS[0]}])
def test_pages_together_are_the_whole_list_in_its_order(reader, limit, query):
    whole = numbers(reader.get("/cases", limit=200, **query).json["items"])
    found = [numbers(page) for page in pages(reader, limit=limit, **query)]
    assert [number for page in found for number in page] == whole
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert 0 < len(found[-1]) <= limit


def test_the_order_is_by_filing_newest_first_or_by_deadline_soonest_first(reader):
    filed = [item["filed_at"] for item in reader.get("/cases").json["items"]]
    due = [item["due_at"] for item in reader.get("/cases", order="due").json["items"]]
    assert filed == sorted(filed, reverse=True)
    assert due == sorted(due)
    assert len(set(filed)) < len(filed)  # ties, which the page must not lose


def test_paging_shows_each_case_once_while_others_are_filed(office):
    file_many(office, 9, step=timedelta(minutes=1))
    reader, inspector = office.caller("leader"), office.caller("inspector")
    before = numbers(reader.get("/cases").json["items"])
    seen: list[str] = []
    for page in pages(reader, limit=2):
        seen += numbers(page)
        inspector.file()  # at the same instant as the newest on the first round, later on the next
        office.clock.advance(timedelta(seconds=30))
        inspector.file()
    assert seen == before


def test_paging_by_deadline_shows_each_case_once_while_others_are_filed(office):
    file_many(office, 9, step=timedelta(minutes=1))
    reader, inspector = office.caller("leader"), office.caller("inspector")
    before = set(numbers(reader.get("/cases", order="due").json["items"]))
    seen: list[str] = []
    for page in pages(reader, limit=2, order="due"):
        seen += numbers(page)
        if len(seen) < 8:
            inspector.file()
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def cursor_of(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a cursor of nonsense": ({"cursor": "nonsense"}, "cursor"),
    "an empty cursor": ({"cursor": ""}, "cursor"),
    "a cursor with half a page": ({"cursor": cursor_of(["2026-10-12T01:00:00+00:00"])}, "cursor"),
    "a cursor without zone": ({"cursor": cursor_of(["2026-10-12T01:00:00", 1])}, "cursor"),
    "a cursor without instant": ({"cursor": cursor_of([None, 1])}, "cursor"),
    "a cursor before time": ({"cursor": cursor_of(["0001-01-01T00:00:00+14:00", 1])}, "cursor"),
    "a cursor with a text for a number": ({"cursor": cursor_of(["2026-10-12T01:00:00+00:00", "1"])}, "cursor"),
    "a cursor beyond every number": ({"cursor": cursor_of(["2026-10-12T01:00:00+00:00", 10**12])}, "cursor"),
    "a cursor that is an object": ({"cursor": cursor_of({"a": 1})}, "cursor"),
    "a cursor with a zero byte": ({"cursor": "\x00"}, "cursor"),
    "a cursor in Chinese": ({"cursor": "下一页"}, "cursor"),
    "no cases": ({"limit": 0}, "limit"),
    "fewer than none": ({"limit": -1}, "limit"),
    "too many": ({"limit": 201}, "limit"),
    "far too many": ({"limit": "9" * 5000}, "limit"),
    "half a case": ({"limit": "1.5"}, "limit"),
    "a limit in words": ({"limit": "all"}, "limit"),
    "an unknown state": ({"state": "lost"}, "state.0"),
    "an unknown stage": ({"stage": "lost"}, "stage"),
    "an unknown source": ({"source": "rumour"}, "source"),
    "an unknown order": ({"order": "number"}, "order"),
    "perhaps overdue": ({"overdue": "perhaps"}, "overdue"),
    "an unknown filter": ({"colour": "red"}, "colour"),
    "a type of nonsense": ({"type": "a/b"}, "type"),
    "a type of four parts": ({"type": "local/event/1/2"}, "type"),
    "a box of three": ({"bbox": "1,2,3"}, "bbox"),
    "a box of words": ({"bbox": "a,b,c,d"}, "bbox"),
    "a box turned over": ({"bbox": "120,32,119,31"}, "bbox"),
    "a box beyond the world": ({"bbox": "0,0,0,91"}, "bbox"),
    "a box without end": ({"bbox": "0,0,inf,90"}, "bbox"),
    "a box of nothing": ({"bbox": "nan,nan,nan,nan"}, "bbox"),
    "a day without time": ({"filed_from": "2026-10-12"}, "filed_from"),
    "an instant before time": ({"filed_to": "0001-01-01T00:00:00+14:00"}, "filed_to"),
    "blank words": ({"q": "  "}, "q"),
    "too many words": ({"q": "字" * 101}, "q"),
    "a zero byte": ({"q": "\x00"}, "q"),
    "a zero byte in a unit": ({"unit": "\x00"}, "unit"),
}


@pytest.mark.parametrize(("query", "name"), BAD.values(), ids=BAD)
def test_a_bad_question_is_refused_by_its_name(reader, query, name):
    answer = reader.get("/cases", **query)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])


@given(cursor=st.text(max_size=60))
def test_no_cursor_is_a_fault(shared_office, anybody, cursor):
    answer = anybody.get("/cases", cursor=cursor)
    assert answer.status_code in (200, 422)


@given(value=st.recursive(st.none() | st.integers() | st.text(max_size=30), st.lists, max_leaves=4))
def test_no_made_up_cursor_is_a_fault(shared_office, anybody, value):
    assert anybody.get("/cases", cursor=cursor_of(value)).status_code == 422


@pytest.fixture(scope="module")
def anybody(shared_office: Office) -> Caller:
    return shared_office.caller("leader")


def test_a_page_costs_the_same_statements_however_many_cases_it_shows(town, reader):
    counted: dict[int, int] = {}
    for limit in (1, 20):
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any, into: list[str] = statements) -> None:
            into.append(statement)

        event.listen(town.rt.database.engine, "before_cursor_execute", note)
        assert len(reader.get("/cases", limit=limit).json["items"]) == limit
        event.remove(town.rt.database.engine, "before_cursor_execute", note)
        counted[limit] = len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))])
    assert counted == {1: 2, 20: 2}  # who is calling, and the page


# --- cells ----------------------------------------------------------------------------------------------------------


def test_pages_of_cells_together_are_all_cells_by_code(reader):
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = reader.get("/grid/cells", limit=100, **cursor).json
        found += [feature["properties"]["code"] for feature in page["features"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == sorted(set(found))
    assert len(found) > 200
    assert found == [one["properties"]["code"] for one in reader.get("/grid/cells", limit=2000).json["features"]]


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (1, 200), (2000, 200), (2001, 422), ("x", 422)])
def test_a_page_of_cells_has_bounds(reader, limit, status):
    assert reader.get("/grid/cells", limit=limit).status_code == status


def test_cells_of_an_area_are_those_below_its_code(reader):
    found = [one["properties"]["code"] for one in reader.get("/grid/cells", area=AREAS[1]).json["features"]]
    assert found
    assert all(code.startswith(AREAS[1]) for code in found)


def test_the_type_is_known_by_scheme_and_kind_too(reader):
    assert reader.get("/cases", type="/".join(FIRE_LANE.values())).json["items"]
