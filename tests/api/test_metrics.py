"""Operators see how much is done, and nobody else; no label names a person, a case or a text."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gridcase.edge.metrics import FOLDER_VARIABLE, prepare_metrics
from gridcase.edge.runtime import EXTENSION
from gridcase.settings import Settings
from tests.office import Office

TOKEN = "a token for the machine that watches"
SECRET_TEXT = "电话13900001111，张三"


def read(office: Office, *, address: str = "127.0.0.1", **headers: str):
    client = office.app.test_client()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/metrics", headers=named, environ_base={"REMOTE_ADDR": address})


def value(text: str, *parts: str) -> float:
    """Return the sum of the samples whose line begins with a name and holds all parts."""
    name, *labels = parts
    lines = [line for line in text.splitlines() if line.startswith(name) and all(label in line for label in labels)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def set_token(office: Office, token: str) -> None:
    rt = office.rt
    rt.settings = replace(rt.settings, metrics_token=token)
    office.app.extensions[EXTENSION] = rt


@pytest.mark.parametrize(
    ("token", "address", "headers", "expected"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "::1", {}, 200),
        ("", "::ffff:127.0.0.1", {}, 200),
        ("", "10.0.0.7", {}, 403),
        ("", "10.0.0.7", {"Authorization": "Bearer "}, 403),  # an empty token opens nothing
        ("", "10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 403),
        ("", "127.0.0.1", {"X_Forwarded_For": "203.0.113.9"}, 403),  # a proxy here, a stranger behind it
        ("", "127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 403),
        (TOKEN, "10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "10.0.0.7", {"Authorization": "Bearer another"}, 403),
        (TOKEN, "10.0.0.7", {}, 403),
        (TOKEN, "127.0.0.1", {}, 200),
        ("", "", {}, 403),
    ],
)
def test_metrics_are_for_this_machine_or_the_token(
    sqlite_office: Office, token: str, address: str, headers: dict[str, str], expected: int
) -> None:
    set_token(sqlite_office, token)
    answer = read(sqlite_office, address=address, **headers)
    assert answer.status_code == expected
    if expected == 403:
        assert answer.json["code"] == "metrics_refused"
        assert "gridcase_" not in answer.text


def test_filings_requests_and_refusals_are_counted(sqlite_office: Office) -> None:
    inspector = sqlite_office.caller("inspector")
    before = read(sqlite_office).text
    key = "6d0f3a52-1111-4111-8111-000000000001"
    assert inspector.file(key=key).status_code == 201
    assert inspector.file(key=key).headers["Idempotency-Replayed"] == "true"
    assert inspector.file({"source": "inspector"}).status_code == 422
    after = read(sqlite_office).text

    def grown(*parts: str) -> float:
        return value(after, *parts) - value(before, *parts)

    assert grown("gridcase_cases_filed_total", 'source="inspector"') == 1  # the replay filed nothing
    assert grown("gridcase_refusals_total", 'code="invalid_input"') == 1
    assert grown("gridcase_http_request_duration_seconds_count", 'endpoint="cases.file"', 'status="201"') == 2
    assert grown("gridcase_http_request_duration_seconds_count", 'endpoint="cases.file"', 'status="422"') == 1


def test_labels_name_no_person_case_or_text(sqlite_office: Office) -> None:
    inspector = sqlite_office.caller("inspector")
    number = inspector.file(sqlite_office.filing(description=SECRET_TEXT)).json["number"]
    inspector.get(f"/cases/{number}")
    inspector.get("/cases", q="张三")
    inspector.get(f"/nowhere/{SECRET_TEXT}")
    sqlite_office.app.test_client().open("/healthz", method="13900001111")
    text = read(sqlite_office).text
    for hidden in (number, "张三", "13900001111", "inspector2", inspector.headers["Authorization"][7:]):
        assert hidden not in text
    assert 'endpoint="unmatched"' in text
    assert 'method="other"' in text


def test_workers_add_up_in_a_folder_that_is_empty_at_the_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    folder = Path(prepare_metrics(settings, 8000)[FOLDER_VARIABLE])
    (folder / "counter_1.db").write_bytes(b"left by an earlier server")
    variables = prepare_metrics(settings, 8000)
    assert list(folder.iterdir()) == []
    count = "from gridcase.edge.metrics import count_refusal; count_refusal('stale_case')"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=os.environ | variables, check=True)
    show = "from gridcase.edge.metrics import metrics_response; print(metrics_response().get_data(as_text=True))"
    shown = subprocess.run(
        [sys.executable, "-c", show], env=os.environ | variables, check=True, capture_output=True, text=True
    ).stdout
    assert 'gridcase_refusals_total{code="stale_case"} 2.0' in shown


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert prepare_metrics(settings, 8000) != prepare_metrics(settings, 8001)
