"""The page of what to look at: shown to those who review, reviewed once with a reason."""

import io
import uuid

import pytest

from gridcase.services.anomalies import find_anomalies
from tests.feeds import settle
from tests.office import PASSWORD, Office, jpeg

OWN = {"Sec-Fetch-Site": "same-origin"}


def browser(office: Office, username: str):
    client = office.app.test_client()
    form = {"username": username, "password": PASSWORD}
    assert client.post("/login", data=form, headers=OWN).status_code in (302, 303)
    return client


@pytest.fixture
def office_with_one(office: Office) -> Office:
    inspector = office.caller("inspector")
    uploaded = inspector.client.post(
        "/api/v1/attachments",
        data={"file": (io.BytesIO(jpeg()), "p.jpg"), "usage": "file", "from_gallery": "true"},
        headers=inspector.headers | {"Idempotency-Key": str(uuid.uuid4())},
    )
    assert inspector.file(office.filing(attachments=[uploaded.json["id"]])).status_code == 201
    settle(office)
    assert find_anomalies(office.rt) == 1
    return office


def test_what_was_seen_is_said_and_a_review_takes_it_off_the_list(office_with_one):
    client = browser(office_with_one, "shift_leader")
    shown = client.get("/anomalies").text
    assert "照片选自相册，不是现场拍摄。" in shown
    refused = client.post("/anomalies/1/review", data={"reason": " "}, headers=OWN)
    assert (refused.status_code, "reason-1-error" in refused.text) == (422, True)
    assert client.post("/anomalies/1/review", data={"reason": "已了解"}, headers=OWN).status_code == 303
    assert "没有待复核的情况。" in client.get("/anomalies").text
    assert "已了解" in client.get("/anomalies?state=reviewed").text


def test_whoever_reviews_nothing_sees_nothing(office_with_one):
    assert browser(office_with_one, "inspector").get("/anomalies").status_code == 403
