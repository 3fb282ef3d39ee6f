"""Filing at a desk: what is typed becomes a case once, and is never lost when something is wrong."""

import io
import re

import pytest

from tests.office import jpeg
from tests.services.test_statements import counted
from tests.walks import nothing_by_rule
from tests.web.pages import Visitor, form_to

TYPE = "GBT47678.5-2026/event/09012"
SCRIPT = "<script>alert(1)</script>{{ 7*7 }}"


def a_call(office, **changes):
    """Return what an acceptor types while somebody calls."""
    spot = office.point()
    place = {"lon": f"{spot.lon:.7f}", "lat": f"{spot.lat:.7f}", "datum": "wgs84"}
    return {
        "source": "hotline",
        "type": TYPE,
        "location": place,
        "address": "南大街88号",
        "description": "消防通道被堵",
    } | changes


def blank(visitor, query=""):
    answer = visitor.get(f"/cases/new{query}")
    assert answer.status_code == 200
    return form_to(answer.text, "/cases/new")


def number_of(answer):
    assert answer.status_code == 303, re.findall(r'class="error"[^>]*>([^<]*)', answer.text)
    found = re.fullmatch(r"/cases/([^/?]+)\?done=file", answer.location)
    assert found, answer.location
    return found[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_call_becomes_a_case_with_everything_that_was_typed_and_photographed(office, lang):
    nothing_by_rule(office)
    acceptor = Visitor(office, "acceptor", lang)
    answer = acceptor.send(
        blank(acceptor, f"?type={TYPE}"),
        photos=2,
        **a_call(office, place="北门", condition="1", observed_at="2026-11-20T08:30"),
    )
    case = office.caller("acceptor").get(f"/cases/{number_of(answer)}").json
    assert (case["source"], case["address"], case["place"]) == ("hotline", "南大街88号", "北门")
    assert (case["type"]["code"], case["condition"], case["description"]) == ("09012", "1", "消防通道被堵")
    assert case["cell"] == "320404005001001"
    assert [one["usage"] for one in case["attachments"]] == ["file", "file"]
    assert case["observed_at"].startswith("2026-11-20T08:30")


def test_a_form_sent_twice_files_one_case(office):
    acceptor = Visitor(office, "acceptor")
    form = blank(acceptor)
    numbers = {number_of(acceptor.send(form, photos=1, **a_call(office))) for _ in range(2)}
    assert len(numbers) == 1
    assert len(office.caller("acceptor").get("/cases").json["items"]) == 1


def test_a_form_sent_again_with_other_content_is_not_lost_and_can_be_filed_anew(sqlite_office):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor")
    form = blank(acceptor)
    first = number_of(acceptor.send(form, **a_call(office)))
    answer = acceptor.send(form, **a_call(office, address="北大街9号"))
    assert answer.status_code == 409
    again = form_to(answer.text, "/cases/new")
    assert again.fields["address"] == "北大街9号"
    assert again.fields["key"] != form.fields["key"]
    assert number_of(acceptor.send(again)) != first


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("type", {"type": ""}),
        ("type", {"type": "没有这一类"}),
        ("source", {"source": "inspector"}),
        ("condition", {"condition": "77"}),
        ("location", {"location": {"lon": "一百", "lat": "31.77", "datum": "wgs84"}}),
        ("location", {"location": {"lon": "31.77", "lat": "119.95", "datum": "wgs84"}}),
        ("location", {"location": {"lon": "116.4", "lat": "39.9", "datum": "wgs84"}}),
        ("location", {"location": {"lon": "", "lat": "", "datum": "wgs84"}, "cell": "320404005009999"}),
        ("location", {"location": {"lon": "", "lat": "", "datum": "wgs84"}, "address": ""}),
        ("address", {"address": "长" * 501}),
        ("observed_at", {"observed_at": "昨天"}),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(sqlite_office, field, wrong):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor", "en" if field == "type" else "zh")
    data = dict(blank(acceptor).fields)
    for name, value in a_call(office, **wrong).items():
        data |= {f"{name}.{part}": one for part, one in value.items()} if isinstance(value, dict) else {name: value}
    photo = {"photos": (io.BytesIO(jpeg()), "a.jpg")}
    answer = acceptor.post("/cases/new", data | photo)
    assert answer.status_code == 422
    assert re.search(rf'<p class="error" id="f-{field}-error">[^<]+</p>', answer.text), answer.text[:200]
    assert answer.text.count('class="error"') == 1
    again = form_to(answer.text, "/cases/new")
    kept = {name: again.fields.get(name) for name in ("description", "address", "cell") if name in data}
    assert kept == {name: data[name] for name in kept}
    assert len(again.fields.getlist("attachments")) == 1
    assert office.caller("acceptor").get("/cases").json["items"] == []
    fixed = a_call(office) | {"cell": "", "observed_at": ""}
    assert number_of(acceptor.send(again, **fixed))


def test_every_wrong_field_is_named_at_once(sqlite_office):
    acceptor = Visitor(sqlite_office, "acceptor")
    data = dict(blank(acceptor).fields) | {"type": "没有", "cell": "1", "address": "长" * 501}
    said = acceptor.post("/cases/new", data).text
    assert re.findall(r'class="error" id="f-(\w+)-error"', said) == ["type", "address", "location"]


def test_a_file_that_is_no_photo_is_refused_and_the_good_ones_stay(sqlite_office):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor")
    data = dict(blank(acceptor).fields) | {"usual": TYPE, "address": "南大街88号"}
    files = [(io.BytesIO(jpeg()), "b.exe"), (io.BytesIO(b"%PDF-1.4"), "a.jpg")]
    answer = acceptor.post("/cases/new", data | {"photos": files})
    assert answer.status_code == 422
    assert re.search(r'id="f-attachments-error">[^<]+', answer.text)
    again = form_to(answer.text, "/cases/new")
    number = number_of(acceptor.send(again))
    assert len(office.caller("acceptor").get(f"/cases/{number}").json["attachments"]) == 1


def test_a_usual_type_is_one_click_and_what_is_typed_counts_more(sqlite_office):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor")
    acceptor.send(blank(acceptor), **a_call(office))
    again = blank(acceptor)
    assert "usual" in again.names
    data = dict(again.fields) | {"usual": TYPE, "address": "南大街1号"}
    by_click = number_of(acceptor.post("/cases/new", data))
    other = dict(blank(acceptor).fields) | {"usual": TYPE, "type": "油烟污染", "address": "南大街1号"}
    typed = number_of(acceptor.post("/cases/new", other))
    codes = [office.caller("acceptor").get(f"/cases/{one}").json["type"]["code"] for one in (by_click, typed)]
    assert codes == ["09012", "06027"]


def test_the_sources_own_number_is_kept_shown_to_the_office_alone_and_filed_once(office):
    acceptor = Visitor(office, "acceptor")
    number = number_of(acceptor.send(blank(acceptor), **a_call(office, source_number="12345-0091")))
    office.caller("acceptor").act(number, "register", condition="1")
    assert "12345-0091" in acceptor.get(f"/cases/{number}").text
    unit = next(
        name
        for name in ("unit_leader", "other_unit")
        if Visitor(office, name).get(f"/cases/{number}").status_code == 200
    )
    assert "12345-0091" not in Visitor(office, unit).get(f"/cases/{number}").text
    again = acceptor.send(blank(acceptor), **a_call(office, source_number="12345-0091"))
    assert again.status_code == 422
    assert re.search(r'id="f-source_number-error">来源编号 12345-0091 已经登记过', again.text)
    assert len(office.caller("acceptor").get("/cases").json["items"]) == 1
    other = acceptor.send(blank(acceptor), **a_call(office, source="petition", source_number="12345-0091"))
    assert number_of(other) != number
    found = office.caller("acceptor").get("/cases", q="12345-0091").json["items"]
    assert len(found) == 2


def test_an_address_alone_is_taken_and_a_cell_stands_for_its_middle(sqlite_office):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor")
    empty = {"lon": "", "lat": "", "datum": "wgs84"}
    alone = number_of(acceptor.send(blank(acceptor), **a_call(office, location=empty)))
    assert office.caller("acceptor").get(f"/cases/{alone}").json["cell"] is None
    in_cell = number_of(acceptor.send(blank(acceptor), **a_call(office, location=empty, cell="320404005001001")))
    assert office.caller("acceptor").get(f"/cases/{in_cell}").json["cell"] == "320404005001001"


@pytest.mark.parametrize(
    "username", ["shift_leader", "dispatcher", "unit_leader", "handler", "chief", "assessor", "leader", "admin"]
)
def test_who_may_not_file_gets_neither_form_nor_case(sqlite_office, username):
    office = sqlite_office
    visitor = Visitor(office, username)
    assert visitor.get("/cases/new").status_code == 403
    data = {"source": "hotline", "usual": TYPE, "address": "x", "photos": (io.BytesIO(jpeg()), "a.jpg")}
    assert visitor.post("/cases/new", data).status_code == 403
    assert office.caller("acceptor").get("/cases").json["items"] == []


def test_an_inspector_files_only_as_an_inspector(sqlite_office):
    inspector = Visitor(sqlite_office, "inspector")
    assert re.findall(r'name="source" value="(\w+)"', inspector.get("/cases/new").text) == ["inspector"]


def test_the_page_says_what_lies_there_who_would_get_it_and_what_may_be_the_same(office):
    acceptor = Visitor(office, "acceptor")
    number = number_of(acceptor.send(blank(acceptor), **a_call(office)))
    spot = office.point()
    asked = f"/place?type={TYPE}&source=hotline&location.lon={spot.lon}&location.lat={spot.lat}"
    said = acceptor.get(asked).text
    cell = office.caller("acceptor").get(f"/cases/{number}").json["cell"]
    assert cell in said
    assert re.search(r"将派往</span> <strong>[^<]{3,}</strong>", said)
    assert f'formaction="/cases/new/into/{number}"' in said
    with counted(office) as few:
        acceptor.get(asked)
    acceptor.send(blank(acceptor), **a_call(office))
    with counted(office) as more:
        acceptor.get(asked)
    assert len(more) == len(few) <= 2


def test_a_position_of_another_datum_is_shown_where_it_is(sqlite_office):
    acceptor = Visitor(sqlite_office, "acceptor")
    said = acceptor.get("/place?location.lon=119.9530&location.lat=31.7760&location.datum=gcj02").text
    lon, lat = (float(one) for one in re.search(r'data-lon="([\d.]+)" data-lat="([\d.]+)"', said).groups())
    assert 0.003 < 119.9530 - lon < 0.007
    assert abs(31.7760 - lat) < 0.004


def test_units_are_not_told_what_lies_nearby(sqlite_office):
    for username in ("unit_leader", "handler", "contractor"):
        assert Visitor(sqlite_office, username).get("/place?location.lon=119.95&location.lat=31.77").status_code == 403


def test_what_is_the_same_thing_is_added_to_that_case_once_and_files_nothing(office):
    acceptor = Visitor(office, "acceptor")
    number = number_of(acceptor.send(blank(acceptor), **a_call(office)))
    form = blank(acceptor)
    form.action = f"/cases/new/into/{number}"
    for _ in range(2):
        answer = acceptor.send(form, photos=1, **a_call(office, description="又有人来电"))
        assert (answer.status_code, answer.location) == (303, f"/cases/{number}?done=attach")
    words = dict(blank(acceptor).fields) | {"description": "第三人来电"}
    assert acceptor.post(form.action, words).location == f"/cases/{number}?done=comment"
    lines = office.caller("acceptor").get(f"/cases/{number}/history").json["items"]
    assert [line["action"] for line in lines if line["action"] in ("attach", "comment")] == ["attach", "comment"]
    assert len(office.caller("acceptor").get("/cases").json["items"]) == 1


def test_nothing_to_add_is_said_and_a_case_out_of_sight_does_not_exist(sqlite_office):
    office = sqlite_office
    acceptor = Visitor(office, "acceptor")
    number = number_of(acceptor.send(blank(acceptor), **a_call(office)))
    empty = acceptor.post(f"/cases/new/into/{number}", dict(blank(acceptor).fields))
    assert empty.status_code == 422
    assert 'id="f-description-error"' in empty.text
    assert acceptor.post("/cases/new/into/NDJ20261120-00-1", {"description": "x"}).status_code == 404
    inspector = Visitor(office, "chief")
    assert inspector.post(f"/cases/new/into/{number}", {"description": "x"}).status_code == 403


def test_the_conditions_of_a_type_are_offered(sqlite_office):
    acceptor = Visitor(sqlite_office, "acceptor")
    said = acceptor.get(f"/cases/new/conditions?usual={TYPE}&condition=1").text
    assert re.search(r'<option value="1" selected>[^<]+</option>', said)
    assert "object_id" not in said
    assert "<option" in acceptor.get("/cases/new/conditions?type=nothing").text


def test_fields_named_in_the_address_are_filled_in(sqlite_office):
    spot = sqlite_office.point()
    html = (
        Visitor(sqlite_office, "acceptor")
        .get(f"/cases/new?location.lon={spot.lon}&location.lat={spot.lat}&key=x&attachments=y")
        .text
    )
    form = form_to(html, "/cases/new")
    assert form.fields["location.lon"] == str(spot.lon)
    assert form.fields["key"] != "x"
    assert "attachments" not in form.fields


def test_script_typed_into_the_form_comes_back_as_text(sqlite_office):
    acceptor = Visitor(sqlite_office, "acceptor")
    data = dict(blank(acceptor).fields) | dict.fromkeys(("type", "address", "place", "description", "cell"), SCRIPT)
    html = acceptor.post("/cases/new", data).text
    assert "<script>alert" not in html
    assert html.count("{{ 7*7 }}") >= 4


def test_the_page_costs_the_same_however_many_cases_there_are(office):
    acceptor = Visitor(office, "acceptor")
    acceptor.get("/cases/new")
    with counted(office) as few:
        acceptor.get("/cases/new")
    for _ in range(5):
        acceptor.send(blank(acceptor), **a_call(office))
    with counted(office) as more:
        acceptor.get("/cases/new")
    assert len(more) == len(few) <= 6
