"""Bad input: a clear refusal that names the field, in both languages, and nothing left behind."""

import io
import json
import struct
import uuid
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from gridcase.store import schema
from tests.office import FIRE_LANE, Caller, Office, jpeg

Json = dict[str, Any]

#: Written by refused requests too, on purpose.
KEPT = {"sign_in_failure", "access_token"}


def everything(office: Office) -> dict[str, Any]:
    """Return how many rows every table has, and every file of a photo."""
    tables = sorted(schema.metadata().tables.keys() - KEPT)
    with office.rt.database.reading() as tx:
        found: dict[str, Any] = {name: tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    blobs = office.rt.settings.data_dir / "blobs"
    found["blobs"] = sorted(path.name for path in blobs.rglob("*") if path.is_file())
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def office(request: pytest.FixtureRequest) -> Office:
    """One office on each database for the whole module: every request here is refused."""
    found: Office = request.getfixturevalue(f"shared_{request.param}_office")
    return found


@pytest.fixture(scope="module")
def people(office: Office) -> dict[str, Caller]:
    return {name: office.caller(name) for name in ("inspector", "acceptor", "public_door", "shift_leader")}


@pytest.fixture
def untouched(office: Office, people: dict[str, Caller]) -> Iterator[None]:
    """Fail when a test left anything behind."""
    before = everything(office)
    yield
    assert everything(office) == before


def in_both(caller: Caller, send: Any) -> list[TestResponse]:
    """Send the same request in Chinese and in English."""
    kept = dict(caller.headers)
    found = []
    for language in ("zh-CN", "en"):
        caller.headers = kept | {"Accept-Language": language}
        found.append(send())
    caller.headers = kept
    return found


def check_refused(answers: list[TestResponse], status: int, names: set[str]) -> None:
    """Check status, fields, and that the two languages say something each, and not the same."""
    chinese, english = answers
    for answer in answers:
        assert answer.status_code == status, answer.text
        assert answer.mimetype == "application/problem+json"
        assert set(answer.json.get("errors", {})) == names, answer.json
    for name in names:
        told = list(zip(chinese.json["errors"][name], english.json["errors"][name], strict=True))
        assert told
        assert all(zh and en and zh != en and "{" not in zh + en for zh, en in told), told
        assert all(any(ord(one) > 0x2E80 for one in zh) for zh, _ in told), told
    assert chinese.json["detail"] != english.json["detail"]


def file_raw(caller: Caller, body: bytes | str, kind: str = "application/json") -> TestResponse:
    return caller.client.post(
        "/api/v1/cases",
        data=body,
        content_type=kind,
        headers=caller.headers | {"Idempotency-Key": str(uuid.uuid4())},
    )


def at(lon: Any, lat: Any, **more: Any) -> Json:
    return {"location": {"lon": lon, "lat": lat, **more}}


#: Changes to a good filing by an inspector → the field named.
FILINGS: dict[str, tuple[Json, str]] = {
    "longitude and latitude swapped": (at(31.78, 119.95), "location"),
    "latitude beyond the pole": (at(119.95, 91), "location"),
    "longitude beyond the date line": (at(181, 31.78), "location"),
    "nowhere at all, 0 and 0": (at(0, 0), "location"),
    "0 and 0 of another datum": (at(0, 0, datum="gcj02"), "location"),
    "a point in the sea": (at(123.5, 31.5), "location"),
    "another city": (at(116.4, 39.9), "location"),
    "a point as text": (at("119.95", 31.78), "location.lon"),
    "a point as true": (at(True, 31.78), "location.lon"),
    "a point as null": (at(None, 31.78), "location.lon"),
    "a point as a list": ({"location": [119.95, 31.78]}, "location"),
    "a point as text altogether": ({"location": "119.95,31.78"}, "location"),
    "half a point": ({"location": {"lon": 119.95}}, "location.lat"),
    "an unknown datum": (at(119.95, 31.78, datum="utm"), "location.datum"),
    "a longitude of 400 digits": (at(10**400, 31.78), "location.lon"),
    "a longitude beyond every number": (at(1e308, 31.78), "location"),
    "an accuracy of 400 digits": (at(119.95, 31.78, accuracy_m=10**400), "location.accuracy_m"),
    "an unknown field in a point": (at(119.95, 31.78, altitude=8), "location.altitude"),
    "neither point nor address": ({"location": None}, "location"),
    "an unknown type": ({"type": FIRE_LANE | {"code": "09999"}}, "type"),
    "an unknown scheme": ({"type": FIRE_LANE | {"scheme": "x"}}, "type.scheme"),
    "a type as text": ({"type": "09012"}, "type"),
    "a code as a number": ({"type": FIRE_LANE | {"code": 9012}}, "type.code"),
    "no type": ({"type": None}, "type"),
    "an unknown condition": ({"condition": "99"}, "condition"),
    "a condition as a list": ({"condition": ["1"]}, "condition"),
    "an unknown source": ({"source": "rumour"}, "source"),
    "a source of another role": ({"source": "hotline"}, "source"),
    "a description of 10,000 characters": ({"description": "字" * 10_000}, "description"),
    "an address of 501 characters": ({"address": "字" * 501}, "address"),
    "a blank description": ({"description": " \n\u3000 "}, "description"),
    "a description as an object": ({"description": {"text": "x"}}, "description"),
    "a zero byte": ({"description": "a\x00b"}, "description"),
    "a bell": ({"description": "a\x07b"}, "description"),
    "a half surrogate pair": ({"description": "a\ud800b"}, "description"),
    "the other half": ({"address": "\udc00"}, "address"),
    "an unknown field": ({"priority": "high"}, "priority"),
    "a field of the answer": ({"state": "closed"}, "state"),
    "a filer of one's choice": ({"filed_by": 1}, "filed_by"),
    "an instant without zone": ({"observed_at": "2026-10-12T09:00:00"}, "observed_at"),
    "an instant as a number": ({"observed_at": 1_760_000_000}, "observed_at"),
    "no instant": ({"observed_at": "yesterday"}, "observed_at"),
    "an instant before every calendar": ({"observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at"),
    "an instant after every calendar": ({"observed_at": "9999-12-31T23:59:59-14:00"}, "observed_at"),
    "an attachment that is no id": ({"attachments": ["photo.jpg"]}, "attachments.0"),
    "an attachment that does not exist": ({"attachments": [str(uuid.UUID(int=1))]}, "attachments"),
    "attachments as text": ({"attachments": "photo"}, "attachments"),
    "21 attachments": ({"attachments": [str(uuid.UUID(int=n)) for n in range(21)]}, "attachments"),
}


@pytest.mark.parametrize(("changes", "name"), FILINGS.values(), ids=FILINGS)
@pytest.mark.usefixtures("untouched")
def test_a_bad_filing_is_refused_by_the_field_and_leaves_nothing_behind(office, people, changes, name):
    body = json.dumps(office.filing() | changes if None not in changes.values() else office.filing(**changes))
    check_refused(in_both(people["inspector"], lambda: file_raw(people["inspector"], body)), 422, {name})


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.usefixtures("untouched")
def test_a_number_that_is_none_is_refused(office, people, word):
    body = json.dumps(office.filing(location={"lon": "X", "lat": 31.78})).replace('"X"', word)
    check_refused(in_both(people["inspector"], lambda: file_raw(people["inspector"], body)), 422, {"location.lon"})


@pytest.mark.usefixtures("untouched")
def test_everything_wrong_is_told_at_once(people):
    body = json.dumps({"source": "x", "location": {"lon": "a", "lat": "b"}, "nonsense": 1})
    names = {"type", "source", "location.lon", "location.lat", "nonsense"}
    check_refused(in_both(people["inspector"], lambda: file_raw(people["inspector"], body)), 422, names)


#: Bodies that are not a filing at all → status, fields named.
BODIES: dict[str, tuple[bytes, str, int, set[str]]] = {
    "no body": (b"", "application/json", 422, {"type", "source"}),
    "a list": (b"[]", "application/json", 422, {"body"}),
    "null": (b"null", "application/json", 422, {"body"}),
    "a text": (b'"x"', "application/json", 422, {"body"}),
    "a number": (b"1", "application/json", 422, {"body"}),
    "broken JSON": (b'{"type":', "application/json", 400, set()),
    "two documents": (b"{}{}", "application/json", 400, set()),
    "a byte-order mark": (b"\xef\xbb\xbf{}", "application/json", 400, set()),
    "invalid UTF-8": (b'{"description":"\xff\xfe"}', "application/json", 400, set()),
    "GBK": ('{"description":"街"}'.encode("gbk"), "application/json", 400, set()),
    "deep nesting": (b"[" * 100_000, "application/json", 400, set()),
    "deep nesting in a field": (b'{"description":' + b"[" * 50_000, "application/json", 400, set()),
    "deep and whole": (b'{"description":' + b"[" * 900 + b"]" * 900 + b"}", "application/json", 422, set()),
    "a field twice": (b'{"source":"inspector","source":"hotline"}', "application/json", 422, {"source"}),
    "a field twice inside": (b'{"location":{"lon":1,"lon":2}}', "application/json", 422, {"lon"}),
    "plain text": (b"{}", "text/plain", 415, set()),
    "a form": (b"type=1", "application/x-www-form-urlencoded", 415, set()),
    "no kind": (b"{}", "", 415, set()),
    "more than any filing": (b'{"description":"' + b"x" * 300_000, "application/json", 413, set()),
    "30 MB": (b"x" * 30_000_000, "application/json", 413, set()),
}


@pytest.mark.parametrize(("body", "kind", "status", "names"), BODIES.values(), ids=BODIES)
@pytest.mark.usefixtures("untouched")
def test_a_body_that_is_no_filing_is_refused(people, body, kind, status, names):
    answers = in_both(people["inspector"], lambda: file_raw(people["inspector"], body, kind))
    if body.startswith(b'{"description":[') and status == 422:
        assert {answer.status_code for answer in answers} == {422}
        return
    check_refused(answers, status, names)


# --- where ----------------------------------------------------------------------------------------------------------

#: 天宁区, a few kilometres east of the sample street: plausible, and not ours.
NEXT_DISTRICT = at(119.9950, 31.7790)


def test_a_place_in_the_next_district_is_taken_from_an_inspector_as_unlocated(sqlite_office):
    answer = sqlite_office.caller("inspector").file(sqlite_office.filing(**NEXT_DISTRICT))
    assert answer.status_code == 201
    assert (answer.json["state"], answer.json["cell"], answer.json["location"]["how"]) == ("received", None, "outside")


@pytest.mark.usefixtures("untouched")
def test_a_place_in_the_next_district_is_refused_at_the_public_door(office, people):
    door = people["public_door"]
    body = json.dumps(office.filing(source="public", **NEXT_DISTRICT))
    answers = in_both(door, lambda: file_raw(door, body))
    check_refused(answers, 422, {"location"})
    assert answers[0].json["code"] == "outside_grid"


@pytest.mark.usefixtures("untouched")
def test_the_public_door_needs_a_place_not_an_address_alone(office, people):
    door = people["public_door"]
    body = json.dumps(office.filing(source="public", location=None, address="南大街 1 号"))
    check_refused(in_both(door, lambda: file_raw(door, body)), 422, {"location"})


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"lon": "nan", "lat": "31.78"}, "lon"),
        ({"lon": "inf", "lat": "31.78"}, "lon"),
        ({"lon": "x", "lat": "31.78"}, "lon"),
        ({"lon": "", "lat": "31.78"}, "lon"),
        ({"lon": "119.95"}, "lat"),
        ({"lon": "31.78", "lat": "119.95"}, "location"),
        ({"lon": "0", "lat": "0"}, "location"),
        ({"lon": "119.95", "lat": "31.78", "accuracy_m": "-1"}, "accuracy_m"),
        ({"lon": "119.95", "lat": "31.78", "datum": "x"}, "datum"),
        ({"lon": "119.95", "lat": "31.78", "zoom": "3"}, "zoom"),
    ],
)
def test_a_bad_question_where_is_refused_by_the_field(people, query, name):
    caller = people["inspector"]
    check_refused(in_both(caller, lambda: caller.get("/grid/locate", **query)), 422, {name})


# --- actions --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def received(office: Office, people: dict[str, Caller]) -> str:
    """A case that awaits registration."""
    answer = people["acceptor"].file(office.filing(source="hotline"))
    assert answer.json["state"] == "received"
    number: str = answer.json["number"]
    return number


def act_raw(caller: Caller, number: str, action: str, body: str) -> TestResponse:
    etag = caller.get(f"/cases/{number}").headers["ETag"]
    return caller.client.post(
        f"/api/v1/cases/{number}/actions/{action}",
        data=body,
        content_type="application/json",
        headers=caller.headers | {"Idempotency-Key": str(uuid.uuid4()), "If-Match": etag},
    )


ACTIONS: dict[str, tuple[str, Json, str]] = {
    "an unknown reason": ("void", {"reason": "boredom"}, "reason"),
    "a missing reason": ("void", {}, "reason"),
    "a reason as null": ("void", {"reason": None}, "reason"),
    "a note of 10,000 characters": ("void", {"reason": "test", "note": "字" * 10_000}, "note"),
    "an unknown field": ("void", {"reason": "test", "because": "x"}, "because"),
    "an unknown condition": ("register", {"condition": "99"}, "condition"),
    "a limit where one is fixed": ("register", {"limit": {"amount": 9, "unit": "working_day"}}, "limit"),
    "a limit of nothing": ("register", {"limit": {"amount": 0, "unit": "working_day"}}, "limit.amount"),
    "a limit below nothing": ("register", {"limit": {"amount": -1, "unit": "working_day"}}, "limit.amount"),
    "a limit finer than is kept": (
        "register",
        {"limit": {"amount": "0.00001", "unit": "working_hour"}},
        "limit.amount",
    ),
    "a limit of a thousand years": ("register", {"limit": {"amount": 365_000, "unit": "urgent_day"}}, "limit.amount"),
    "a limit without number": ("register", {"limit": {"amount": "NaN", "unit": "urgent_day"}}, "limit.amount"),
    "a limit as true": ("register", {"limit": {"amount": True, "unit": "urgent_day"}}, "limit.amount"),
    "a limit in fortnights": ("register", {"limit": {"amount": 1, "unit": "fortnight"}}, "limit.unit"),
    "an empty comment": ("comment", {"text": "  "}, "text"),
    "a comment of half a surrogate pair": ("comment", {"text": "\ud83d"}, "text"),
    "no photos to attach": ("attach", {"attachments": []}, "attachments"),
    "a photo that does not exist": ("attach", {"attachments": [str(uuid.UUID(int=7))]}, "attachments"),
}


@pytest.mark.parametrize(("action", "body", "name"), ACTIONS.values(), ids=ACTIONS)
def test_a_bad_action_is_refused_by_the_field_and_leaves_nothing_behind(office, people, received, action, body, name):
    leader = people["shift_leader"]
    before = everything(office)
    check_refused(in_both(leader, lambda: act_raw(leader, received, action, json.dumps(body))), 422, {name})
    assert everything(office) == before


@pytest.mark.parametrize("inspector", [0, -1, 10**30, "1", 1.5, True, None, [1]])
def test_a_check_is_asked_of_an_inspector_only(sqlite_office, inspector):
    number = sqlite_office.caller("inspector").file().json["number"]
    unit, leader = sqlite_office.caller("unit_leader"), sqlite_office.caller("shift_leader")
    unit.act(number, "report", done="清理", attachments=[unit.photo("handle")])
    answer = leader.act(number, "request_check", mode="on_site", inspector=inspector)
    if inspector is None:  # nobody in particular: the duty inspector
        assert answer.status_code == 200
    else:
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"inspector"})


# --- photos ---------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """Make a PNG of a few hundred bytes that says it is enormous."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")


def gif() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (4, 4)).save(held, "GIF")
    return held.getvalue()


PHOTOS: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "text": (b"this is no photo, whatever its name says" * 10, 422),
    "a page": (b"<html><script>alert(1)</script></html>", 422),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 422),
    "half a photo": (jpeg(size=(640, 480))[:2000], 422),
    "the head of a photo": (jpeg()[:20], 422),
    "a photo of another kind": (gif(), 422),
    "a bomb": (bomb(50_000, 50_000), 422),
    "a bomb of one line": (bomb(2_000_000_000, 1), 422),
    "a bomb just above what is taken": (bomb(10_000, 6_001), 422),
    "a picture without size": (bomb(0, 0), 422),
    "30 MB": (jpeg() + bytes(30_000_000), 413),
    "a little more than is taken": (jpeg() + bytes(10_000_000), 413),
}


def upload(caller: Caller, data: bytes) -> TestResponse:
    """Upload bytes as one part; the client's own encoder would leave a large one in a file of its own."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    return caller.client.post(
        "/api/v1/attachments",
        data=head + data + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers=caller.headers,
    )


@pytest.mark.parametrize(("data", "status"), PHOTOS.values(), ids=PHOTOS)
@pytest.mark.usefixtures("untouched")
def test_a_file_that_is_no_photo_is_refused_and_no_byte_is_kept(people, data, status):
    caller = people["inspector"]
    check_refused(in_both(caller, lambda: upload(caller, data)), status, {"file"})


FORMS: dict[str, tuple[Json, str]] = {
    "no file": ({}, "file"),
    "another name": ({"photo": (io.BytesIO(jpeg()), "a.jpg")}, "file"),
    "a file as text": ({"file": "x"}, "file"),
    "two files": ({"file": [(io.BytesIO(jpeg()), "a.jpg"), (io.BytesIO(jpeg()), "b.jpg")]}, "file"),
    "an unknown usage": ({"file": (io.BytesIO(jpeg()), "a.jpg"), "usage": "party"}, "usage"),
    "an unknown field": ({"file": (io.BytesIO(jpeg()), "a.jpg"), "caption": "x"}, "caption"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("untouched")
def test_a_bad_form_is_refused_by_the_field(people, form):
    caller = people["inspector"]
    data, name = FORMS[form]

    def send() -> TestResponse:
        fresh = {key: _again(value) for key, value in data.items()}
        return caller.client.post(
            "/api/v1/attachments", data=fresh, headers=caller.headers, content_type="multipart/form-data"
        )

    check_refused(in_both(caller, send), 422, {name})


def _again(value: Any) -> Any:
    """Return a form value whose files can be read once more: a client closes what it sent."""
    if isinstance(value, list):
        return [_again(one) for one in value]
    return (io.BytesIO(jpeg()), value[1]) if isinstance(value, tuple) else value


def test_a_key_used_for_other_bytes_is_refused_and_the_bytes_are_not_kept(office, people):
    caller = people["inspector"]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    caller.headers |= key
    first = upload(caller, jpeg("green"))
    before = everything(office)
    other, again = upload(caller, jpeg("yellow")), upload(caller, jpeg("green"))
    caller.headers.pop("Idempotency-Key")
    assert first.status_code == 201
    assert (other.status_code, other.json["code"]) == (409, "idempotency_mismatch")
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert everything(office) == before


def _pictures() -> list[bytes]:
    found = []
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        held = io.BytesIO()
        Image.linear_gradient("L").convert("RGB").resize((96, 64)).save(held, kind)
        found.append(held.getvalue())
    return found


PICTURES = _pictures()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    whole=st.sampled_from(PICTURES),
    damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    kept=st.floats(0, 1),
)
def test_a_damaged_photo_is_taken_or_refused_but_never_a_fault(shared_office, inspector_there, whole, damage, kept):
    data = bytearray(whole)
    for place, value in damage:
        data[int(place * (len(data) - 1))] = value
    answer = upload(inspector_there, bytes(data[: max(1, int(kept * len(data)) if kept < 0.5 else len(data))]))
    assert answer.status_code in (201, 422), answer.text


@pytest.fixture(scope="module")
def inspector_there(shared_office: Office) -> Caller:
    return shared_office.caller("inspector")


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "x",
        "NDJ20261012000001",
        "NDJ20261012000042O",
        "NDJ999999999999999999",
        "NDJ٢٠٢٦١٠١٢٠٠٠٠٤٢O",
        "%00",
        "%ff%fe",
        "😀",
        "'; DROP TABLE person; --",
        "9" * 3000,
        "NDJ20261399000042A",
    ],
)
def test_a_number_of_no_case_is_not_found(people, number):
    for path in (f"/cases/{number}", f"/cases/{number}/history", f"/attachments/{number}", f"/grid/cells/{number}"):
        answer = people["shift_leader"].client.get(f"/api/v1{path}", headers=people["shift_leader"].headers)
        assert answer.status_code == 404, (path, answer.text)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "username"),
        ({"username": "a\x00", "password": "x"}, "username"),
        ({"username": "\ud800", "password": "x"}, "username"),
        ({"username": "a", "password": "\ud800"}, "password"),
        ({"username": "a", "password": "x" * 2000}, "password"),
        ({"username": "a", "password": None}, "password"),
        ({"username": "a", "password": 12345}, "password"),
        ({"username": ["a"], "password": "x"}, "username"),
        ({"username": "a" * 81, "password": "x"}, "username"),
        ({"username": "a", "password": "x", "role": "king"}, "role"),
    ],
)
def test_a_bad_sign_in_is_refused_by_the_field(office, body, name):
    client = office.app.test_client()
    for language in ("zh", "en"):
        answer = client.post(
            "/api/v1/auth/tokens",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Accept-Language": language},
        )
        assert answer.status_code == 422
        assert name in answer.json["errors"]
