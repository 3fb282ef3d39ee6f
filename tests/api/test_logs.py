"""Every request leaves one line with ids, and nothing of what people wrote, are called or hold secret."""

import json
import uuid
from typing import Any

import pytest

from gridcase.services import reading
from tests.office import PASSWORD, Office

SECRETS = {"description": "住在三楼的李四报的", "address": "关河东路66号李宅", "place": "李四家门口"}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_request_leaves_one_line_with_route_status_and_who(
    sqlite_office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    inspector = sqlite_office.caller("inspector")
    number = inspector.file().json["number"]
    person = inspector.get("/me").json["id"]
    capsys.readouterr()
    answer = inspector.get(f"/cases/{number}", secret="李四")
    (line,) = lines(capsys.readouterr().err)
    assert line.pop("ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": answer.headers["X-Request-Id"],
        "method": "GET",
        "route": "/api/v1/cases/<string:number>",
        "status": 200,
        "actor": person,
        "role": "inspector",
    }


def test_nothing_of_what_people_wrote_reaches_the_log(
    sqlite_office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    inspector = sqlite_office.caller("inspector")
    key = str(uuid.uuid4())
    body = sqlite_office.filing(**SECRETS)
    number = inspector.file(body, key=key).json["number"]
    inspector.file(body, key=key)
    inspector.file(body | {"nobody": "李四"})
    inspector.act(number, "comment", note="李四")
    inspector.get("/cases", q="李四")
    inspector.get("/李四")
    sqlite_office.app.test_client().post("/api/v1/auth/tokens", json={"username": "李四", "password": "李四"})
    written = capsys.readouterr()
    token = inspector.headers["Authorization"][7:]
    assert len(lines(written.err)) >= 8
    for hidden in (*SECRETS.values(), "李四", "\\u674e", "%E6%9D%8E", token, PASSWORD, number, key):
        assert hidden not in written.err + written.out


def test_a_fault_is_told_without_its_message(
    sqlite_office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        try:
            int("李四 13900001111")
        except ValueError as err:
            raise RuntimeError("李四 13900001111") from err

    inspector = sqlite_office.caller("inspector")
    number = inspector.file().json["number"]
    monkeypatch.setattr("gridcase.api.cases.one_case", broken)
    assert reading.one_case is not broken
    capsys.readouterr()
    answer = inspector.get(f"/cases/{number}")
    assert answer.status_code == 500
    written = capsys.readouterr().err
    assert "李四" not in written
    assert "13900001111" not in written
    fault, request = lines(written)
    assert [error["kind"] for error in fault["errors"]] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert fault["errors"][0]["at"][-1].endswith(" broken")
    # The caller, the fault and the request's line can be put together by one id.
    assert fault["request_id"] == request["request_id"] == answer.headers["X-Request-Id"]
    assert fault["request_id"] in answer.json["detail"]


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("0b9f8f0e-2222-4222-8222-0123456789ab", True),
        ("李四".encode().decode("latin-1"), False),
        ("13900001111", False),
        ("", False),
    ],
)
def test_only_a_uuid_is_taken_as_the_requests_id(
    sqlite_office: Office, capsys: pytest.CaptureFixture[str], given: str, is_kept: bool
) -> None:
    capsys.readouterr()
    answer = sqlite_office.app.test_client().get("/healthz", headers={"X-Request-Id": given})
    told = answer.headers["X-Request-Id"]
    assert (told == given.replace("-", "")) is is_kept
    assert uuid.UUID(told)
    (line,) = lines(capsys.readouterr().err)
    assert line["request_id"] == told
    assert (line["actor"], line["role"]) == (None, None)
