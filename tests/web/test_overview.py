"""The pages anybody may see: what they show, and above all what they do not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from gridcase.services.running_month import run_month
from tests.office import Office
from tests.sample_city import SampleCity

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def public(office: Office) -> Office:
    """An office whose page at / is open to anybody."""
    office.rt.settings = replace(office.rt.settings, public_overview=True)
    return office


@pytest.fixture
def shown(sqlite_office: Office) -> Office:
    """One on SQLite, for what no database decides."""
    sqlite_office.rt.settings = replace(sqlite_office.rt.settings, public_overview=True)
    return sqlite_office


def get(office: Office | SampleCity, path: str, *, accept: str = BROWSER, language: str = "zh-CN") -> TestResponse:
    headers = {"Accept": accept, "Accept-Language": language}
    return office.app.test_client().get(path, headers=headers, buffered=True)


@contextmanager
def statements(office: Office) -> Iterator[list[str]]:
    """Collect the statements sent to the database, BEGIN and COMMIT left out."""
    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_more) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = office.rt.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# --- what is shown ------------------------------------------------------------------------------------------------


def test_a_case_is_shown_by_number_type_state_and_cell(public: Office) -> None:
    case = public.caller("inspector").file(public.filing()).json
    page = get(public, "/").text
    assert case["number"] in page
    assert case["cell"] in page
    assert "占用消防通道" in page
    assert "已派遣，待签收" in page
    assert 'class="mark dispatch"' in page


def test_nothing_personal_is_shown(public: Office) -> None:
    acceptor = public.caller("acceptor")
    point = public.point()
    body = public.filing(
        source="hotline",
        address="某小区8幢502室",
        place="老地方",
        description="举报人电话13912345678",
        location={"lon": point.lon, "lat": point.lat},
    )
    number = acceptor.file(body).json["number"]
    page = get(public, "/").text
    assert number in page
    for secret in ("8幢502室", "老地方", "13912345678", "acceptor", str(point.lon), str(point.lat)):
        assert secret not in page


def test_a_case_is_drawn_in_the_middle_of_its_cell_wherever_it_is_in_it(public: Office) -> None:
    inspector, point = public.caller("inspector"), public.point()
    inspector.file(public.filing())
    one = re.findall(r'class="spot" transform="([^"]+)"', get(public, "/").text)
    moved = {"lon": point.lon + 0.0001, "lat": point.lat + 0.0001}
    inspector.file(public.filing(location=moved))
    two = re.findall(r'class="spot" transform="([^"]+)"', get(public, "/").text)
    assert len(one) == 1
    assert len(two) == 2
    assert one[0] in two
    assert len(set(two)) == 2  # beside each other, not on top


def test_an_unlocated_case_is_listed_but_not_drawn_and_a_void_one_is_neither(public: Office) -> None:
    acceptor = public.caller("acceptor")
    body = public.filing(source="hotline", location=None, address="某路口")
    unlocated = acceptor.file(body).json["number"]
    void = acceptor.file(public.filing(source="hotline")).json["number"]
    acceptor.act(void, "void", reason="not_a_problem")
    page = get(public, "/").text
    assert unlocated in page
    assert "待定位" in page
    assert 'class="spot"' not in page
    assert void not in page


def test_an_overdue_case_is_marked_once_its_deadline_has_passed(public: Office) -> None:
    case = public.caller("inspector").file(public.filing()).json
    due = datetime.fromisoformat(case["due_at"])
    public.clock.instant = due.astimezone(UTC)
    assert 'class="late"' not in get(public, "/").text  # equality is on time
    public.clock.advance(timedelta(seconds=1))
    assert 'class="late"' in get(public, "/").text


def test_the_newest_finished_month_is_shown_and_a_draft_is_not(public: Office) -> None:
    assert "尚无已出结果的月份" in get(public, "/").text
    assessor = public.actor("assessor")
    run_month(public.rt, assessor, "2026-09", "yuncheng")
    run_month(public.rt, assessor, "2026-10", "yuncheng")
    page = get(public, "/").text
    assert "2026-09 处置单位考评" in page
    assert "2026-10" not in page.replace(f"{public.clock.now():%Y-%m}-", "")


def test_the_months_table_names_units_best_first_with_their_counts(sample_city: SampleCity) -> None:
    page = get(sample_city, "/").text
    rows = re.findall(r'<th scope="row" class="unit">([^<]+)</th>\s*<td class="score[^"]*">([^<]+)</td>', page)
    scores = [float(score) for _, score in rows if score != "无数据"]
    assert "综合行政执法中队" in dict(rows)
    assert len(scores) >= 6
    assert scores == sorted(scores, reverse=True)


def test_the_number_of_statements_does_not_depend_on_the_cases(public: Office) -> None:
    inspector = public.caller("inspector")
    counted = []
    for _ in range(3):
        inspector.file(public.filing())
        get(public, "/")  # loads the reference, if it has to be loaded
        with statements(public) as seen:
            assert get(public, "/").status_code == 200
        counted.append(len(seen))
    assert counted == [counted[0]] * 3
    assert counted[0] <= 7


def test_an_empty_database_shows_an_empty_page(public: Office) -> None:
    page = get(public, "/")
    assert page.status_code == 200
    assert "目前没有案件" in page.text


# --- language, closed doors, errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accepted", "lang", "title"),
    [
        ("/", "zh-CN", "zh-CN", "案件概览 · gridcase"),
        ("/", "en-GB,en;q=0.9", "en", "Cases at a glance · gridcase"),
        ("/", "fr", "zh-CN", "案件概览 · gridcase"),  # the instance's own
        ("/?lang=en", "zh-CN", "en", "Cases at a glance · gridcase"),
        ("/?lang=zh", "en", "zh-CN", "案件概览 · gridcase"),
        ("/?lang=xx", "en", "en", "Cases at a glance · gridcase"),
        ("/docs", "en", "en", "API documentation · gridcase"),
        ("/nothing", "zh-CN", "zh-CN", "网格化城市管理 · gridcase"),
    ],
)
def test_a_page_speaks_the_callers_language(shown: Office, path: str, accepted: str, lang: str, title: str) -> None:
    page = get(shown, path, language=accepted)
    assert f'<html lang="{lang}">' in page.text
    assert f"<title>{title}</title>" in page.text
    assert page.headers["Content-Language"] == lang


def test_a_chosen_language_stays_when_going_home(shown: Office) -> None:
    assert 'href="/?lang=en"' in get(shown, "/docs?lang=en").text


def test_without_the_operators_leave_the_page_shows_no_case(office: Office) -> None:
    number = office.caller("inspector").file(office.filing()).json["number"]
    page = get(office, "/")
    assert (page.status_code, page.headers["Location"]) == (303, "/login")
    assert number not in page.text
    door = get(office, "/login")
    assert door.status_code == 200
    assert "<svg" not in door.text
    assert 'href="/docs"' in door.text


@pytest.mark.parametrize(
    ("path", "accept", "mimetype"),
    [
        ("/nothing", BROWSER, "text/html"),
        ("/docs/ui/index.html", BROWSER, "text/html"),
        ("/nothing", "*/*", "application/problem+json"),
        ("/nothing", "application/json", "application/problem+json"),
        ("/api/v1/nothing", BROWSER, "application/problem+json"),
        ("/api/v1/cases", BROWSER, "application/problem+json"),
    ],
)
def test_an_error_is_a_page_for_a_browser_and_a_document_for_a_program(
    sqlite_office: Office, path: str, accept: str, mimetype: str
) -> None:
    answer = get(sqlite_office, path, accept=accept)
    assert answer.status_code == (401 if path == "/api/v1/cases" else 404)
    assert answer.mimetype == mimetype


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/docs", "/static/pages.css", "/healthz", "/api/v1/cases", "/nothing"])
def test_every_answer_carries_the_security_headers(shown: Office, path: str) -> None:
    headers = get(shown, path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; object-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert ("unsafe" in headers["Content-Security-Policy"]) == (path == "/docs")
    assert "script-src" not in headers["Content-Security-Policy"]


def test_strict_transport_is_asked_for_over_https_alone(sqlite_office: Office) -> None:
    client = sqlite_office.app.test_client()
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
    assert "Strict-Transport-Security" in client.get("/healthz", base_url="https://localhost").headers


@pytest.mark.parametrize("path", ["/docs/ui/swagger-ui.css", "/docs/ui/swagger-ui-bundle.js", "/static/docs.js"])
def test_the_documentations_files_come_from_here(sqlite_office: Office, path: str) -> None:
    assert get(sqlite_office, path).status_code == 200


def test_no_page_has_a_script_or_style_of_its_own(shown: Office) -> None:
    for path in ("/", "/docs", "/nothing"):
        page = get(shown, path).text
        assert re.findall(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|https?://", page) == []
