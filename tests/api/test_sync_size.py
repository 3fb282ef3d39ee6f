"""How many bytes a phone is told: a large duty area and many tasks must come through two bars of signal."""

import gzip
import json

from bench import phone
from tests.office import Office

MOST_AT_FIRST, MOST_NEXT = 2_000_000, 3_000


def test_two_thousand_cells_and_two_hundred_tasks_come_in_under_two_megabytes(office: Office) -> None:
    caller = office.caller("inspector2")
    body = office.filing()
    number = str(caller.file(body).get_json()["number"])
    phone.widen(office.rt, phone.CELLS)
    phone.ask_checks(office.rt, number, phone.TASKS)
    first, known = phone.sync(caller.client, caller.headers, None)
    assert first.sent < first.plain < MOST_AT_FIRST
    assert caller.get("/me").status_code == 200
    again, known = phone.sync(caller.client, caller.headers, known)
    assert again.plain < MOST_NEXT
    assert caller.file(body).status_code == 201
    news, _ = phone.sync(caller.client, caller.headers, known)
    assert again.plain < news.plain < MOST_NEXT


def test_what_is_compressed_says_the_same(sqlite_office: Office) -> None:
    caller = sqlite_office.caller("inspector2")
    plain = caller.get("/sync")
    packed = caller.client.get("/api/v1/sync", headers=caller.headers | {"Accept-Encoding": "gzip"})
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert "Accept-Encoding" in packed.headers["Vary"]
    told, said = json.loads(gzip.decompress(packed.data)), plain.get_json()
    assert {name: told[name] for name in ("grid", "types")} == {name: said[name] for name in ("grid", "types")}
