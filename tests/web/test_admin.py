"""Administration in the browser: who may open what, what is refused beside its field, what is never half done."""

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gridcase.domain.actor import Role
from gridcase.services.reading import one_case
from gridcase.web.console.admin_frame import ACCESS
from gridcase.web.console.duties import duties
from tests.office import PEOPLE, Office
from tests.services.test_statements import counted
from tests.web.pages import OWN_SITE, Visitor, form_to

SCRIPT = "<script>alert(1)</script>"
NEW_YEARS_EVE = datetime(2026, 12, 31, 9, 0, tzinfo=UTC)
GRANT = {"role": "acceptor", "scope": "all", "scope_value": "", "valid_from": "2026-10-12", "valid_to": ""}


def routes(office: Office) -> list[tuple[str, str, str]]:
    """Return endpoint, method and address of every route of administration."""
    filled = {"person": "1", "grant": "1", "session": "1", "shift": "1", "delegation": "1", "version": "1"}
    filled |= {"kind": "calendar", "name": "changzhou", "layer": "unit", "code": "none"}
    return [
        (rule.endpoint, method, re.sub(r"<(?:\w+:)?(\w+)>", lambda match: filled[match[1]], rule.rule))
        for rule in office.app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        for method in sorted(rule.methods & {"GET", "POST"})
    ]


def password_in(page: str) -> str:
    found = re.search(r'id="one-time-password">([^<]+)<', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("username", [name for name, (role, _, _) in PEOPLE.items() if role is not Role.PUBLIC_DOOR])
def test_every_page_of_administration_refuses_whoever_it_is_not_for(sqlite_office, username):
    visitor, role = Visitor(sqlite_office, username), PEOPLE[username][0]
    seen = routes(sqlite_office)
    assert {endpoint for endpoint, _, _ in seen} == ACCESS.keys()
    assert len(seen) > 30
    for endpoint, method, path in seen:
        if role in ACCESS[endpoint]:
            continue
        answer = visitor.get(path) if method == "GET" else visitor.post(path, {})
        assert answer.status_code == 403, (username, method, path)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_opens_for_the_administrator_in_both_languages(sqlite_office, lang):
    visitor = Visitor(sqlite_office, "admin", lang)
    opened = 0
    for _, method, path in routes(sqlite_office):
        if method != "GET" or "/versions/" in path or path.endswith("/campaigns/none"):
            continue
        answer = visitor.get(path)
        assert answer.status_code == 200, (path, answer.text[:2000])
        if answer.mimetype == "text/html":
            opened += 1
            assert not re.findall(r"(?<![\w/.-])admin\.[a-z_]+", answer.text), path
    assert opened > 12


def test_nothing_is_changed_from_another_site(sqlite_office):
    visitor = Visitor(sqlite_office, "admin")
    for _, method, path in routes(sqlite_office):
        if method == "POST":
            answer = visitor.client.post(path, data={}, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, path


def test_a_person_added_signs_in_is_revoked_and_out(office):
    admin = Visitor(office, "admin")
    answer = admin.post("/admin/people", {"username": "li.si", "name": SCRIPT, "unit": ""} | GRANT)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    password = password_in(answer.text)
    assert password not in admin.get("/admin/people").text
    client = office.app.test_client()
    assert client.post("/login", data={"username": "li.si", "password": password}, headers=OWN_SITE).status_code == 303
    assert client.get("/account").status_code == 200
    person = re.search(r'href="(/admin/people/\d+)">li\.si', admin.get("/admin/people?q=li.si").text)[1]
    page = admin.get(person).text
    assert SCRIPT not in page
    assert html.escape(SCRIPT) in page
    revoke = form_to(page, "/revoke")
    assert admin.post(revoke.action, revoke.fields).status_code == 303
    assert client.get("/account").status_code == 303
    again = admin.post(revoke.action, revoke.fields)
    assert again.status_code == 404
    history = admin.get("/admin/history").text
    assert "注销登录" in history
    assert SCRIPT not in history


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(office):
    admin = Visitor(office, "admin")
    answer = admin.post("/admin/people", {"username": "admin", "name": '"><b>x', "unit": ""} | GRANT)
    assert answer.status_code == 422
    assert re.search(r'id="f-username-error">[^<]*admin', answer.text)
    assert 'value="&#34;&gt;&lt;b&gt;x"' in answer.text
    assert '"><b>x' not in answer.text


def test_the_last_administrator_cannot_be_deactivated(office):
    admin = Visitor(office, "admin")
    identity = office.actor("admin").person
    answer = admin.post(f"/admin/people/{identity}/active", {"active": "0"})
    assert answer.status_code == 409
    assert "最后一位" in answer.text
    assert admin.get("/admin").status_code == 200


def test_a_holiday_is_reviewed_with_the_deadlines_it_moves_and_only_then_applied(office):
    office.clock.instant = NEW_YEARS_EVE
    number = office.caller("inspector").file().json["number"]
    admin = Visitor(office, "admin")
    given = {"calendar": "changzhou", "year": "2027", "name": SCRIPT, "first": "2027-01-01", "last": "2027-01-03"}
    review = admin.post("/admin/calendar/holidays", given | {"make_up": "", "source": "国办发明电〔2026〕1号"})
    assert review.status_code == 200, review.text
    assert f'href="/cases/{number}"' in review.text
    assert "2027-01-04 09:00" in review.text
    assert SCRIPT not in review.text

    def due() -> tuple[str, bool]:
        found = one_case(office.rt, office.actor("dispatcher"), number).case.clocks["handle"].due
        return found.due_at.isoformat(), found.provisional

    assert due() == ("2027-01-01T01:00:00+00:00", True)
    form = form_to(review.text, "/apply")
    assert admin.post(form.action, form.fields).status_code == 303
    assert due() == ("2027-01-04T01:00:00+00:00", False)
    stale = admin.post(form.action, form.fields)
    assert stale.status_code == 409
    versions = admin.get("/admin/documents/calendar/changzhou").text
    newest = re.search(r"/admin/documents/calendar/changzhou/versions/\d+", versions)[0]
    changed = admin.get(newest).text
    assert "2027" in changed
    assert "admin" in changed
    assert SCRIPT not in changed


def test_a_wrong_holiday_is_refused_beside_its_field_or_in_the_review_and_nothing_is_applied(office):
    admin = Visitor(office, "admin")
    given = {"calendar": "changzhou", "year": "2027", "name": "元旦", "first": "2027-01-01", "last": "2026-12-31"}
    review = admin.post("/admin/calendar/holidays", given | {"make_up": "", "source": ""})
    assert review.status_code == 422
    assert not re.search(r'class="button primary"', review.text)
    wrong = admin.post("/admin/calendar/holidays", given | {"make_up": "soon", "source": ""})
    assert wrong.status_code == 422
    assert 'id="f-make_up-error"' in wrong.text
    page = admin.get("/admin/documents/calendar/changzhou").text
    assert len(set(re.findall(r"/versions/(\d+)", page))) == 1


def test_a_text_that_cannot_be_read_names_the_line_and_keeps_what_was_typed(office):
    admin = Visitor(office, "admin")
    form = form_to(admin.get("/admin/documents/units/nandajie/edit").text, "/review")
    broken = form.fields["text"] + "\nunits: [\n"
    answer = admin.post(form.action, {"base": form.fields["base"], "text": broken})
    assert answer.status_code == 422
    assert re.search(r"第 \d+", answer.text)
    assert form_to(answer.text, "/review").fields["text"].rstrip() == broken.rstrip()
    data = {"base": form.fields["base"], "text": "", "file": (io.BytesIO(b"\xff\xfe\x00"), "../../<x>.yaml")}
    answer = admin.client.post(form.action, data=data, headers=OWN_SITE | {"Accept": "text/html"})
    assert answer.status_code == 422
    assert "<x>" not in answer.text


def test_a_unit_is_renamed_and_a_cycle_refused(office):
    admin = Visitor(office, "admin")
    given = {"code": "NDJ-HW", "name_zh": "环卫一所", "name_en": "Sanitation Station 1", "parent": "NDJ"}
    form = form_to(admin.post("/admin/units", given).text, "/apply")
    assert admin.post(form.action, form.fields).status_code == 303
    assert "环卫一所" in admin.get("/admin/units").text
    refused = admin.post("/admin/units", given | {"parent": "NDJ-HW-01"})
    assert refused.status_code == 422
    assert office.rt.reference().rules.units.by_code["NDJ-HW"].parent == "NDJ"


def test_who_would_get_this_follows_a_duty_given_to_another_unit_from_a_day_on(office):
    admin = Visitor(office, "admin")
    key = "GBT47678.5-2026/event/09012"
    ask = f"/admin/routing?type={key}&cell=320404005001&source=hotline&on="
    assert "fire-lane" in admin.get(ask + "2026-10-12").text
    given = {"types": key, "unit": "NDJ-AJ", "first_day": "2026-11-01", "areas": "", "why_zh": "新规", "why_en": "new"}
    form = form_to(admin.post("/admin/routing", given).text, "/apply")
    assert admin.post(form.action, form.fields).status_code == 303
    assert "fire-lane" in re.search(r'id="answer".*?</div>', admin.get(ask + "2026-10-31").text, re.DOTALL)[0]
    assert "from-2026-11-01" in re.search(r'id="answer".*?</div>', admin.get(ask + "2026-11-01").text, re.DOTALL)[0]
    wrong = admin.get("/admin/routing?type=nonsense")
    assert wrong.status_code == 422
    assert 'id="a-type-error"' in wrong.text


def test_a_limit_is_changed_where_the_catalogue_says_it_last(office):
    admin = Visitor(office, "admin")
    page = admin.get("/admin/catalogue?q=09012").text
    assert "占用消防通道" in page
    given = {"type": "GBT47678.5-2026/event/09012", "condition": "1", "amount": "3", "unit": "working_hour"}
    form = form_to(admin.post("/admin/catalogue?q=09012", given).text, "/apply")
    assert admin.post(form.action, form.fields).status_code == 303
    assert re.search(r"3\s+工作时", admin.get("/admin/catalogue?q=09012").text)
    wrong = admin.post("/admin/catalogue?q=09012", given | {"condition": "77"})
    assert wrong.status_code == 422
    assert 'id="f-condition-error"' in wrong.text


def test_a_shift_leader_makes_the_roster_and_hands_the_own_role_over(office):
    leader = Visitor(office, "shift_leader")
    given = {"username": "inspector", "area": "320404005001", "week": "2026-10-12"}
    wrong = leader.post("/admin/roster", given | {"starts_at": "2026-10-13T17:00", "ends_at": "2026-10-13T08:00"})
    assert wrong.status_code == 422
    assert 'id="f-ends_at-error"' in wrong.text
    shift = {"starts_at": "2026-10-13T08:00", "ends_at": "2026-10-13T17:00"}
    assert leader.post("/admin/roster", given | shift).status_code == 303
    assert "08:00–17:00" in leader.get("/admin/roster?week=2026-10-12").text
    assert "新增 1 个" in leader.post("/admin/roster/copy", {"week": "2026-10-19"}).text
    form = form_to(leader.get("/admin/roster?week=2026-10-19").text, "/remove")
    assert leader.post(form.action, form.fields).status_code == 303
    delegation = {"role": "shift_leader", "to": "acceptor"} | shift
    assert leader.post("/admin/delegations", delegation).status_code == 303
    form = form_to(leader.get("/admin/delegations").text, "/end")
    assert leader.post(form.action, form.fields).status_code == 303


def test_lists_take_the_same_number_of_statements_however_long_they_are(office):
    admin = Visitor(office, "admin")
    admin.post("/admin/people", {"username": "first", "name": "一", "unit": ""} | GRANT)
    # What is found wrong with the documents is worked out once.
    admin.get("/admin/documents")
    counts = []
    for number in range(2):
        with counted(office) as seen:
            for path in ("/admin/people", "/admin/history", "/admin/documents", "/admin/roster"):
                assert admin.get(path).status_code == 200
        counts.append(len(seen))
        for more in range(6 * (1 - number)):
            admin.post("/admin/people", {"username": f"more{more}", "name": "多", "unit": ""} | GRANT)
    assert counts[0] == counts[1]


def test_a_campaign_is_planned_line_by_line_and_ended_early_by_those_who_plan(office):
    leader, dispatcher = Visitor(office, "shift_leader"), Visitor(office, "dispatcher")
    place = office.point()
    given = {"code": "food", "name": SCRIPT, "first_day": "2026-10-01", "last_day": "2026-10-31"}
    for wrong in ("甲饭店，东经", "甲，119.9，31.7，inspector，多", "，119.9，31.7"):
        answer = leader.post("/admin/campaigns", given | {"places": f"乙饭店\n{wrong}"})
        assert (answer.status_code, "第 2 行" in answer.text, wrong in answer.text) == (422, True, True), wrong
    nobody = leader.post("/admin/campaigns", given | {"places": "甲饭店,,,nobody"})
    assert (nobody.status_code, 'id="f-places-error"' in nobody.text) == (422, True)
    lines = f"甲饭店，{place.lon}，{place.lat}，inspector\n乙饭店\n"
    planned = leader.post("/admin/campaigns", given | {"places": lines})
    assert planned.status_code == 303, planned.text
    page = leader.get("/admin/campaigns/food").text
    assert ("甲饭店" in page, "乙饭店" in page, SCRIPT in page) == (True, True, False)
    assert "/end" not in dispatcher.get("/admin/campaigns/food").text
    assert dispatcher.post("/admin/campaigns/food/end", {}).status_code == 403
    assert leader.post("/admin/campaigns/food/end", {}).status_code == 303
    assert "提前结束" in leader.get("/admin/campaigns/food").text
    assert leader.post("/admin/campaigns/food/end", {}).status_code == 409
    visit = office.caller("inspector").client.post(
        "/api/v1/campaigns/food/places/2/visits",
        json={"result": "no_problem"},
        headers=office.caller("inspector").headers,
    )
    assert (visit.status_code, visit.json["code"]) == (409, "campaign_not_running")


def test_the_rules_of_conduct_are_changed_by_a_form_that_leaves_the_rest_as_it_was(office):
    admin = Visitor(office, "admin")
    before = office.rt.reference().rules.conduct
    form = form_to(admin.get("/admin/conduct").text, "/admin/conduct")
    same = admin.post(form.action, form.fields)
    assert (same.status_code, "内容没有变化" in same.text) == (200, True), same.text
    for name, value in {"register.normal.amount": "soon", "allowed_returns": "many", "draft.at": "25:00"}.items():
        wrong = form.fields.copy()
        wrong[name] = value
        answer = admin.post(form.action, wrong)
        assert (answer.status_code, f'value="{value}"' in answer.text) == (422, True), name
    changed = form.fields.copy()
    changed["check.normal.amount"], changed["allowed_returns"] = "3", "1"
    changed.setlist("auto_register_sources", [])
    reviewed = admin.post(form.action, changed)
    assert reviewed.status_code == 200, reviewed.text
    apply = form_to(reviewed.text, "/apply")
    assert admin.post(apply.action, apply.fields).status_code == 303
    after = office.rt.reference().rules.conduct
    assert (after.allowed_returns, before.allowed_returns) == (1, 2)
    assert after.auto_register_sources == frozenset()
    assert (after.trust, after.allowed_extensions) == (before.trust, before.allowed_extensions)


def test_the_duties_say_of_each_type_who_gets_it_and_where_another_does(office):
    page = Visitor(office, "admin").get("/admin/routing").text
    row = re.search(r'<td class="code">09012</td>.*?</tr>', page, re.DOTALL)[0]
    assert "综合行政执法中队" in row
    exceptions = re.findall(r'class="exception">\s*([^<]*)→', page)
    assert any("320404005001" in one for one in exceptions), exceptions


def test_a_refused_limit_keeps_its_search_and_what_was_typed(office):
    admin = Visitor(office, "admin")
    (address,) = re.findall(
        r'method="post" action="(/admin/catalogue[^"]*)"', admin.get("/admin/catalogue?q=09012").text
    )
    given = {"type": "GBT47678.5-2026/event/99999", "condition": "7", "amount": "3.25", "unit": "x"}
    refused = admin.post(html.unescape(address), given)
    assert refused.status_code == 422
    for kept in ("09012", given["type"], "3.25"):
        assert f'value="{kept}"' in refused.text


def test_the_duties_are_worked_out_once_for_a_configuration_and_a_day(office):
    reference, day = office.rt.reference(), date(2026, 11, 20)
    found = duties(reference, day)
    assert duties(reference, day) is found
    assert duties(reference, date(2026, 11, 21)) is not found
    assert duties(replace(reference, version=reference.version + 1), day) is not found
    assert duties(reference, day) == found


def square(code: str, west: float) -> dict:
    ring = [[west, 31.77], [west + 0.001, 31.77], [west + 0.001, 31.771], [west, 31.771], [west, 31.77]]
    return {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_a_layer_is_tried_and_only_then_taken_in(office):
    admin = Visitor(office, "admin")
    data = json.dumps({"type": "FeatureCollection", "features": [square("A", 119.95), square(SCRIPT, 119.96)]})

    def send(step: str, content: bytes = data.encode(), tried: str = "", **more: str):
        given = {"layer": "park", "code_field": "code", "step": step, "tried": tried} | more
        return admin.post("/admin/layers", given | {"file": (io.BytesIO(content), "../../<x>.geojson")})

    def held() -> set[str]:
        return {code for layer, code in office.rt.reference().features if layer == "park"}

    answer = send("try")
    assert (answer.status_code, "接受 2" in answer.text) == (200, True), answer.text
    mark = re.search(r'name="tried" value="(\w+)"', answer.text)[1]
    for untried in (
        send("import"),
        send("import", tried=mark, keep_absent="1"),
        send("import", b" " + data.encode(), mark),
    ):
        assert "未导入" in untried.text
        assert held() == set()
    assert "新增 2" in send("import", tried=mark).text
    assert held() == {"A", SCRIPT}
    assert "导入图层" in admin.get("/admin/history?kind=layer").text
    page = admin.get("/admin/layers/park").text
    assert (SCRIPT in page, "admin" in page) == (False, True)
    assert admin.get("/admin/layers/park/check").status_code == 200
    assert admin.get("/admin/layers/nowhere").status_code == 404
    nonsense = send("import", b"\x00nonsense")
    assert nonsense.status_code == 422
    assert "<x>" not in nonsense.text


def test_the_check_of_a_layer_names_a_gap_and_where_it_is(office):
    admin = Visitor(office, "admin")
    assert "没有错误" in admin.get("/admin/layers/unit/check").text
    rows = [square("A", 119.95), square("A", 119.9505)]
    rows[1]["properties"]["code"] = "B"
    data = json.dumps({"type": "FeatureCollection", "features": rows}).encode()
    given = {"layer": "plot", "code_field": "code", "file": (io.BytesIO(data), "a")}
    mark = re.search(r'name="tried" value="(\w+)"', admin.post("/admin/layers", given | {"step": "try"}).text)[1]
    given |= {"step": "import", "tried": mark, "file": (io.BytesIO(data), "a")}
    assert admin.post("/admin/layers", given).status_code == 200
    page = admin.get("/admin/layers/plot/check").text
    assert ("重叠" in page, "处错误" in page) == (True, True)


def test_an_archive_that_unpacks_to_far_more_than_it_weighs_is_refused(office):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("layer.geojson", b" " * 50_000_000)
    held.seek(0)
    given = {"layer": "park", "code_field": "code", "step": "import", "file": (held, "bomb.zip")}
    answer = Visitor(office, "admin").post("/admin/layers", given)
    assert answer.status_code == 422
    assert not any(layer == "park" for layer, _ in office.rt.reference().features)
