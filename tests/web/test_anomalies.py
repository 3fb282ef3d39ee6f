"""The page of what to look at: shown to those who review, reviewed once with a reason."""

import pytest

from gridcase.services.anomalies import find_anomalies
from tests.feeds import settle
from tests.office import Office
from tests.web.pages import Visitor


@pytest.fixture
def office_with_one(office: Office) -> Office:
    inspector = office.caller("inspector")
    photo = inspector.photo(from_gallery="true")
    assert inspector.file(office.filing(attachments=[photo])).status_code == 201
    settle(office)
    assert find_anomalies(office.rt) == 1
    return office


def test_what_was_seen_is_said_and_a_review_takes_it_off_the_list(office_with_one):
    client = Visitor(office_with_one, "shift_leader")
    shown = client.get("/anomalies").text
    assert "照片选自相册，不是现场拍摄。" in shown
    refused = client.post("/anomalies/1/review", {"reason": " "})
    assert (refused.status_code, "reason-1-error" in refused.text) == (422, True)
    lengthy = client.post("/anomalies/1/review", {"reason": "长" * 501})
    assert (lengthy.status_code, f'value="{"长" * 501}"' in lengthy.text) == (422, True)
    assert client.post("/anomalies/1/review", {"reason": "已了解"}).status_code == 303
    assert "没有待复核的情况。" in client.get("/anomalies").text
    assert "已了解" in client.get("/anomalies?state=reviewed").text


def test_whoever_reviews_nothing_sees_nothing(office_with_one):
    assert Visitor(office_with_one, "inspector").get("/anomalies").status_code == 403
