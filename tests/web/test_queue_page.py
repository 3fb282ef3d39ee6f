"""The queue as a page: views and counts, filters, search, order and pages, saved views, and many cases at once."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from gridcase.domain.case import Action
from gridcase.services.queue import MOST_VIEWS, keep_view
from gridcase.web.console import queue_query
from tests.office import Office
from tests.services.test_statements import counted
from tests.walks import nothing_by_rule
from tests.web.pages import Visitor, form_to, forms_of
from tests.web.test_case_page import SCRIPT

HTMX = {"HX-Request": "true"}


def listed(html: str) -> list[str]:
    """Return the numbers of the list, in its order."""
    return re.findall(r'<tr data-case="(\w+)"', html)


def at(path: str, **query: object) -> str:
    return f"{path}?{urlencode(query, doseq=True)}"


def count_of(html: str, view: str) -> str:
    (found,) = re.findall(rf'<a id="view-{view}"[^>]*>[^<]*<b>([^<]*)</b>', html)
    return str(found)


def said(html: str) -> str:
    """Return what stands on a page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def file(office: Office, **changes: object) -> str:
    return str(office.caller("inspector").file(office.filing(**changes)).json["number"])


@pytest.fixture
def pool(office: Office) -> list[str]:
    """Three cases that wait for dispatch, the oldest first."""
    nothing_by_rule(office)
    found = []
    for _ in range(3):
        found.append(file(office))
        office.clock.advance(timedelta(minutes=1))
    return found


# --- views, filters, pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_queue_lists_what_is_due_first_with_the_count_of_every_view(office, pool, lang):
    page = Visitor(office, "dispatcher", lang).get("/queue").text
    assert listed(page) == pool
    assert [count_of(page, view) for view in ("open", "unassigned", "overdue", "suspended")] == ["3", "3", "0", "0"]
    assert re.findall(r"\bqueue\.[a-z_0-9]+\b", said(page)) == []


def test_every_view_shows_what_it_counts(office, pool):
    office.caller("dispatcher").act(pool[0], "dispatch", unit="NDJ-ZF")
    office.caller("unit_leader").act(pool[0], "return_task", reason="not_ours")
    office.clock.advance(timedelta(hours=1, minutes=30))
    dispatcher = Visitor(office, "dispatcher")
    counts = {}
    for view in ("open", "unassigned", "soon", "overdue", "returned", "undecided", "unrouted", "suspended", "mine"):
        page = dispatcher.get(f"/queue?view={view}").text
        counts[view] = len(listed(page))
        assert count_of(page, view) == str(counts[view])
    # Dispatching within an hour is overdue; the returned case keeps the clock of its unit.
    assert counts == {
        "open": 3,
        "unassigned": 2,
        "soon": 1,
        "overdue": 2,
        "returned": 1,
        "undecided": 0,
        "unrouted": 0,
        "suspended": 0,
        "mine": 1,
    }
    assert "回退 1 次" in said(dispatcher.get("/queue?view=returned").text)


def test_counts_are_told_up_to_a_bound(sqlite_office, monkeypatch):
    monkeypatch.setattr("gridcase.services.queue.MOST_COUNTED", 3)
    monkeypatch.setattr("gridcase.web.console.queue_page.MOST_COUNTED", 3)
    for _ in range(4):
        file(sqlite_office)
    assert count_of(Visitor(sqlite_office, "dispatcher").get("/queue").text, "open") == "2+"


def test_filters_narrow_a_view_and_stand_as_chips_that_take_them_away(office, pool):
    office.caller("dispatcher").act(pool[0], "dispatch", unit="NDJ-HW")
    dispatcher = Visitor(office, "dispatcher")
    others = {
        "state=dispatched": pool[:1],
        "state=registered": pool[1:],
        "unit=NDJ-HW": pool[:1],
        "unit=NO-SUCH": [],
        "area=320404005001": pool,
        "area=320404005004": [],
        "source=inspector": pool,
        "source=hotline": [],
        "type=09012": pool,
        "type=GBT47678.5-2026%2Fevent%2F09012": pool,
        "type=占用消防通道": pool,
        "type=09010": [],
        "filed_from=2026-10-12&filed_to=2026-10-12": pool,
        "filed_to=2026-10-11": [],
        "filed_from=2026-10-13": [],
        "state=closed": [],
        "overdue=true": [],
    }
    assert {query: sorted(listed(dispatcher.get(f"/queue?{query}").text)) for query in others} == others
    page = dispatcher.get("/queue?state=dispatched&unit=NDJ-HW").text
    chips = dict(re.findall(r'<li><a href="([^"]*)" title="([^"]*)"', page))
    assert chips == {"/queue?unit=NDJ-HW": "去掉筛选：状态", "/queue?state=dispatched": "去掉筛选：处置单位"}
    assert "环卫所" in said(page)


def test_a_filter_that_is_wrong_is_said_and_left_out_and_the_others_count(office, pool):
    dispatcher = Visitor(office, "dispatcher")
    for query, name in {
        "state=flying": "状态",
        "view=nothing": "视图",
        "order=colour": "排序",
        "type=nothing": "类别",
        "source=rumour": "来源",
        "filed_from=yesterday": "上报自",
        "cursor=zz": "页码",
        f"q={'x' * 101}": "查找",
        "unit=%00": "处置单位",
    }.items():
        answer = dispatcher.get(f"/queue?area=320404005001&{query}")
        assert (query, answer.status_code, listed(answer.text)) == (query, 422, pool)
        assert f"以下条件有误，未予采用： {name}:" in said(answer.text)
    assert dispatcher.get("/queue?nothing=1&state=").status_code == 200


def test_words_are_found_and_a_whole_number_leads_to_its_case(office):
    wanted = file(office, address="南大街步行街12号", description="堆物占道")
    file(office, address="广化街9号")
    dispatcher = Visitor(office, "dispatcher")
    for words in ("步行", "堆物", "12号", wanted[:11]):
        assert wanted in listed(dispatcher.get(at("/queue", q=words)).text)
    assert listed(dispatcher.get(at("/queue", q="步行")).text) == [wanted]
    for number in (wanted, wanted.lower()):
        assert dispatcher.get(at("/queue", q=number)).headers["Location"] == f"/cases/{wanted}"
    # Whoever may not see it learns nothing from its number.
    hidden = Visitor(office, "other_unit").get(at("/queue", q=wanted))
    missing = Visitor(office, "other_unit").get(at("/queue", q="NDJ209901010000000"))
    assert (hidden.status_code, missing.status_code) == (200, 200)
    assert hidden.text.replace(wanted, "#") == missing.text.replace("NDJ209901010000000", "#")


def test_words_are_searched_for_among_ended_cases_on_demand(office):
    number = file(office, address="南大街步行街12号")
    office.caller("shift_leader").act(number, "void", reason="test")
    dispatcher = Visitor(office, "dispatcher")
    page = dispatcher.get(at("/queue", q="步行")).text
    assert listed(page) == []
    (every,) = re.findall(r'<a href="([^"]*)">同时查找已结案的案件', page)
    assert listed(dispatcher.get(every.replace("&amp;", "&")).text) == [number]


@pytest.mark.parametrize("order", ["due", "filed"])
def test_pages_show_every_case_once_in_the_order_asked_for(office, pool, monkeypatch, order):
    monkeypatch.setattr(queue_query, "PAGE", 2)
    dispatcher = Visitor(office, "dispatcher")
    url, found = f"/queue?order={order}", []
    while url:
        page = dispatcher.get(url).text
        found.append(listed(page))
        (url,) = re.findall(r'rel="next" href="([^"]*)"', page) or [""]
        url = url.replace("&amp;", "&")
    expected = pool if order == "due" else pool[::-1]
    assert found == [expected[:2], expected[2:]]


def test_a_page_costs_the_same_whatever_it_lists(office, pool):
    dispatcher = Visitor(office, "dispatcher")

    def costs() -> list[int]:
        found = []
        for path in (
            "/queue",
            "/queue?q=消防&area=320404005001",
            "/queue/live",
            "/queue/bulk?do=dispatch&case=" + "x.1",
        ):
            with counted(office) as seen:
                assert dispatcher.get(path).status_code == 200
            found.append(len(seen))
        return found

    few = costs()
    for _ in range(6):
        file(office)
    assert costs() == few
    # Who is asking, what is unread, and five for the queue.
    assert max(few) <= 7


# --- what a person may see ------------------------------------------------------------------------------------------


def test_each_sees_their_own_cases_and_only_a_dispatcher_can_tick(office):
    ours, theirs = file(office), file(office)
    office.caller("dispatcher").act(theirs, "reassign", unit="NDJ-HW", reason="workload")
    page = Visitor(office, "unit_leader").get("/queue").text
    assert (listed(page), "view-unassigned" in page) == ([ours], False)
    assert listed(Visitor(office, "other_unit").get("/queue").text) == [theirs]
    for username in ("shift_leader", "acceptor", "unit_leader", "inspector", "leader", "admin", "assessor"):
        visitor = Visitor(office, username)
        page = visitor.get("/queue")
        assert (username, page.status_code, "pick-" in page.text, "/queue/bulk" in page.text) == (
            username,
            200,
            False,
            False,
        )
        assert visitor.get(f"/queue/bulk?do=dispatch&case={ours}.1").status_code == 403
        assert visitor.post("/queue/bulk", {"do": "dispatch", "case": f"{ours}.1"}).status_code == 403
    assert f'id="pick-{ours}"' in Visitor(office, "dispatcher").get("/queue").text


def test_a_unit_is_not_told_how_many_reported_its_case(office):
    lead = file(office)
    nothing_by_rule(office)
    follower = file(office)
    assert office.caller("acceptor").act(follower, "link_duplicate", lead=lead).status_code == 200
    assert "重复上报 1 件" in said(Visitor(office, "dispatcher").get("/queue").text)
    assert "重复上报" not in said(Visitor(office, "unit_leader").get("/queue").text)


def test_script_in_what_people_wrote_stays_text(office):
    number = file(office, address=SCRIPT, description=SCRIPT)
    dispatcher = Visitor(office, "dispatcher")
    for answer in (
        dispatcher.get(at("/queue", q=SCRIPT)),
        dispatcher.get(at("/queue", unit=SCRIPT, campaign=SCRIPT)),
        dispatcher.get(at("/queue/bulk", do="reassign", case=f"{SCRIPT}.1", note=SCRIPT)),
        dispatcher.get(at("/queue/bulk", do="reassign", case=f"{number}.1", back=SCRIPT)),
        dispatcher.post("/queue/views", {"name": SCRIPT * 3, "query": SCRIPT}),
    ):
        assert "<script>alert" not in answer.text
        assert answer.status_code in (200, 422)


# --- keeping up to date ---------------------------------------------------------------------------------------------


def live_url(page: str) -> str:
    (url,) = re.findall(r'hx-get="(/queue/live[^"]*)"', page)
    (mark,) = re.findall(r'"mark": "([^"]*)"', page)
    return f"{url.replace('&amp;', '&')}&mark={mark}"


def test_the_list_is_answered_anew_only_when_something_changed(office, pool):
    office.clock.advance(timedelta(minutes=5))
    dispatcher = Visitor(office, "dispatcher")
    url = live_url(dispatcher.get("/queue?view=unassigned&q=消防").text)
    with counted(office) as seen:
        assert dispatcher.get(url, **HTMX).status_code == 204
    assert len(seen) <= 2
    office.caller("acceptor").act(pool[0], "void", reason="test")
    answer = dispatcher.get(url, **HTMX)
    assert (answer.status_code, listed(answer.text), count_of(answer.text, "unassigned")) == (200, pool[1:], "2")
    assert 'id="queue-views" class="views no-print" aria-label="视图" hx-swap-oob="true"' in answer.text
    assert "<main" not in answer.text
    # The new answer carries its own mark.
    assert dispatcher.get(live_url(answer.text), **HTMX).status_code == 204


def test_whoever_is_signed_out_meanwhile_is_led_to_sign_in(sqlite_office):
    visitor = sqlite_office.app.test_client()
    answer = visitor.get("/queue/live?mark=1.1", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"][:6]) == (204, "/login")


# --- views of one's own ---------------------------------------------------------------------------------------------


def test_a_view_of_ones_own_is_kept_shown_and_forgotten(office, pool):
    dispatcher, acceptor = Visitor(office, "dispatcher"), Visitor(office, "acceptor")
    page = dispatcher.get("/queue?source=inspector&view=unassigned&nothing=1").text
    answer = dispatcher.send(form_to(page, "/queue/views"), name="夜班")
    assert answer.headers["Location"] == "/queue?view=unassigned&source=inspector"
    page = dispatcher.get(answer.headers["Location"]).text
    assert 'href="/queue?view=unassigned&amp;source=inspector" aria-current="true">夜班' in page
    assert "夜班" not in acceptor.get("/queue").text
    forget = form_to(page, "/forget")
    assert acceptor.post(forget.action, forget.fields).status_code == 404
    assert dispatcher.send(forget).status_code == 303
    assert "夜班" not in dispatcher.get("/queue").text


def test_a_view_keeps_only_what_the_queue_understands(sqlite_office):
    dispatcher = Visitor(sqlite_office, "dispatcher")
    query = '"><script>alert(1)</script>&state=flying&q=x"onload="&javascript:alert(1)&view=overdue&' + "a=1&" * 300
    answer = dispatcher.post("/queue/views", {"name": SCRIPT[:30], "query": query})
    assert answer.headers["Location"] == "/queue?view=overdue&q=x%22onload%3D%22"
    page = dispatcher.get("/queue").text
    assert "<script>alert" not in page
    assert "/queue?view=overdue&amp;q=x%22onload%3D%22" in page


def test_a_view_without_a_name_or_too_many_views_are_refused_in_words(sqlite_office):
    dispatcher = Visitor(sqlite_office, "dispatcher")
    assert "视图名称须为 1 至 30 个字符" in dispatcher.post("/queue/views", {"name": " ", "query": "view=soon"}).text
    for number in range(MOST_VIEWS):
        keep_view(sqlite_office.rt, sqlite_office.actor("dispatcher"), name=f"v{number}", query="")
    answer = dispatcher.post("/queue/views", {"name": "one more", "query": ""})
    assert (answer.status_code, "最多保存" in answer.text) == (422, True)


def test_no_other_site_keeps_a_view_or_dispatches(sqlite_office):
    number = file(sqlite_office)
    client = Visitor(sqlite_office, "dispatcher").client
    for path in ("/queue/views", "/queue/views/1/forget", "/queue/bulk"):
        data = {"name": "x", "query": "", "do": "withdraw_dispatch", "case": f"{number}.1"}
        assert client.post(path, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


# --- many cases at once ---------------------------------------------------------------------------------------------


def ticked(office: Office, numbers: list[str]) -> list[str]:
    """Return the values of the ticks of cases, as the page has them now."""
    page = Visitor(office, "dispatcher").get("/queue").text
    return [found for number in numbers for found in re.findall(rf'value="({number}\.\d+)"', page)]


def state_of(office: Office, number: str) -> tuple[str, str]:
    case = office.caller("acceptor").get(f"/cases/{number}").json
    return case["state"], case["assignments"][-1]["unit"] if case["assignments"] else ""


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_many_are_dispatched_after_a_preview_and_sent_twice_only_once(office, pool, headers):
    dispatcher = Visitor(office, "dispatcher")
    query = {"do": "dispatch", "case": ticked(office, pool), "unit": "NDJ-HW", "back": "view=unassigned"}
    shown = dispatcher.client.get("/queue/bulk", query_string=query, headers={"Accept": "text/html"} | headers)
    assert ("派遣 3 件" in said(shown.text), said(shown.text).count("环卫所") >= 3) == (True, True)
    assert {state_of(office, number) for number in pool} == {("registered", "")}
    form = form_to(shown.text, "/queue/bulk")
    first = dispatcher.post(form.action, form.fields, **headers)
    assert (first.status_code, "已办理 3 件。" in first.text) == (200, True)
    again = dispatcher.post(form.action, form.fields, **headers)
    assert (again.status_code, again.text.count("此前已办理，未重复执行")) == (200, 3)
    assert {state_of(office, number) for number in pool} == {("dispatched", "NDJ-HW")}
    for number in pool:
        history = office.caller("acceptor").get(f"/cases/{number}/history").json["items"]
        assert [line["action"] for line in history].count("dispatch") == 1
    assert "/queue?view=unassigned" in first.text


def test_the_routing_rules_choose_where_no_unit_is_chosen(office, pool):
    answer = Visitor(office, "dispatcher").get("/queue/bulk")
    assert answer.status_code == 404
    dispatcher = Visitor(office, "dispatcher")
    shown = dispatcher.client.get(at("/queue/bulk", do="dispatch", case=ticked(office, pool[:1]))).text
    assert "按路由表" in said(shown)
    form = form_to(shown, "/queue/bulk")
    assert dispatcher.post(form.action, form.fields).status_code == 200
    assert state_of(office, pool[0])[0] == "dispatched"


def test_what_changed_or_cannot_be_done_is_said_and_stops_no_other(office, pool):
    stale, gone, good = pool
    chosen = ticked(office, pool)
    office.caller("acceptor").act(stale, "correct", address="x", note="y")
    dispatcher = Visitor(office, "dispatcher")
    query = {"do": "dispatch", "unit": "NDJ-HW", "case": [*chosen, "NDJ209901010000000.1", "nonsense", "x.y"]}
    shown = dispatcher.client.get("/queue/bulk", query_string=query).text
    assert ("此案件已有变化" in shown, "2 件不会改动" in said(shown), "派遣 2 件" in said(shown)) == (True, True, True)
    # One more changes between the preview and the confirmation.
    office.caller("acceptor").act(gone, "void", reason="test")
    form = form_to(shown, "/queue/bulk")
    done = dispatcher.post(form.action, form.fields)
    assert done.status_code == 409
    assert ("已办理 1 件。" in done.text, "1 件未办理" in done.text) == (True, True)
    # What the preview said would be left alone is left alone, and not told of again.
    assert stale not in said(done.text)
    assert [state_of(office, number)[0] for number in pool] == ["registered", "void", "dispatched"]
    assert good in done.text


def test_a_choice_that_was_not_previewed_is_previewed_first(office, pool):
    dispatcher = Visitor(office, "dispatcher")
    query = {"do": "dispatch", "unit": "NDJ-HW", "case": ticked(office, pool)}
    form = form_to(dispatcher.client.get("/queue/bulk", query_string=query).text, "/queue/bulk")
    form.fields["unit"] = "NDJ-ZF"
    shown = dispatcher.post(form.action, form.fields)
    assert "选择已变，请核对下面的预览后再确认。" in shown.text
    assert {state_of(office, number)[0] for number in pool} == {"registered"}
    form = form_to(shown.text, "/queue/bulk")
    assert dispatcher.post(form.action, form.fields).status_code == 200
    assert {state_of(office, number) for number in pool} == {("dispatched", "NDJ-ZF")}


def test_reassigning_asks_for_unit_and_reason_and_withdrawing_for_nothing(office):
    number, other = file(office), file(office)
    dispatcher = Visitor(office, "dispatcher")
    chosen = ticked(office, [number])
    shown = dispatcher.client.get(at("/queue/bulk", do="reassign", case=chosen)).text
    assert "选择单位和原因后" in shown
    form = form_to(shown, "/queue/bulk")
    # Confirmed without them nothing happens.
    assert "选择单位和原因后" in dispatcher.post(form.action, form.fields).text
    query = {"do": "reassign", "case": chosen, "unit": "NDJ-HW", "reason": "workload", "note": "请支援"}
    form = form_to(dispatcher.client.get("/queue/bulk", query_string=query).text, "/queue/bulk")
    assert dispatcher.post(form.action, form.fields).status_code == 200
    assert state_of(office, number) == ("dispatched", "NDJ-HW")
    last = office.caller("dispatcher").get(f"/cases/{number}/history").json["items"][-1]
    assert (last["action"], last["payload"]["note"]) == ("reassign", "请支援")

    query = {"do": "withdraw_dispatch", "case": ticked(office, [number, other])}
    form = form_to(dispatcher.client.get("/queue/bulk", query_string=query).text, "/queue/bulk")
    assert dispatcher.post(form.action, form.fields).status_code == 200
    assert [state_of(office, one)[0] for one in (number, other)] == ["registered", "registered"]


def test_a_refusal_names_units_and_types_and_not_their_codes(office):
    number = file(office)
    query = {"do": "reassign", "case": ticked(office, [number]), "unit": "NDJ-ZF", "reason": "workload"}
    shown = said(Visitor(office, "dispatcher").client.get("/queue/bulk", query_string=query).text)
    assert "案件已在单位 综合行政执法中队 名下" in shown
    query = {"do": "dispatch", "case": ticked(office, [number])}
    shown = said(Visitor(office, "dispatcher").client.get("/queue/bulk", query_string=query).text)
    assert "“已派遣，待签收”的案件不能派遣" in shown
    assert "available_actions" not in shown


def test_nothing_ticked_is_said(office):
    dispatcher = Visitor(office, "dispatcher")
    for action in (Action.DISPATCH, Action.REASSIGN, Action.WITHDRAW_DISPATCH):
        answer = dispatcher.get(f"/queue/bulk?do={action}")
        assert (answer.status_code, "还没有选择案件" in answer.text) == (200, True)
        assert [form for form in forms_of(answer.text) if form.action == "/queue/bulk"] == []
    assert dispatcher.get("/queue/bulk?do=void").status_code == 404
