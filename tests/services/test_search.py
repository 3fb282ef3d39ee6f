"""Searching for words of two characters, for numbers of ours and theirs, on both databases."""

import pytest
from sqlalchemy import insert

from gridcase.domain.case import OPEN_STATES
from gridcase.services.reading import CaseFilter, PageAsk, case_list
from gridcase.store import search as store
from gridcase.store.cases import CaseReferenceRow
from gridcase.store.search import grams
from tests.office import Office

TEXTS = {
    "rubbish": {"address": "南大街12号（东侧）", "description": "暴露垃圾，约 3㎡"},
    "lane": {"address": "延陵西路 8 号", "description": "消防通道被堵 100%"},
    "signs": {"address": "南 大街", "description": "A_B 招牌"},
    "none": {"address": None, "description": "AxB"},
}


@pytest.fixture
def filed(office: Office) -> dict[str, str]:
    inspector = office.caller("inspector")
    found = {}
    for name, texts in TEXTS.items():
        answer = inspector.file(office.filing(**texts))
        assert answer.status_code == 201
        found[answer.json["number"]] = name
    return found


def search(office: Office, filed: dict[str, str], *words: str, only_open: bool = False) -> set[str]:
    states = tuple(OPEN_STATES) if only_open else ()
    page = PageAsk(order="filed", limit=20)
    found = case_list(office.rt, office.actor("dispatcher"), CaseFilter(states=states, all_words=words), page)
    return {filed[one.case.number] for one in found}


@pytest.mark.parametrize("only_open", [True, False])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("垃圾",), {"rubbish"}),  # two characters
        (("大街",), {"rubbish", "signs"}),
        (("南大",), {"rubbish"}),  # not across the space of the other
        (("12号（东",), {"rubbish"}),  # over punctuation
        (("圾，约",), {"rubbish"}),
        (("0%",), {"lane"}),  # wildcards of LIKE are letters like others
        (("a_b",), {"signs"}),
        (("大街", "垃圾"), {"rubbish"}),  # every word, each in any text
        (("大街", "通道"), set()),
        (("街",), {"rubbish", "signs"}),  # a single letter, of the newest cases
        (("侧）\n",), set()),  # never from one text into the next
        (('"',), set()),
        (("AND OR",), set()),
    ],
)
def test_words_are_found_wherever_they_stand(office, filed, words, expected, only_open):
    assert search(office, filed, *words, only_open=only_open) == expected


def test_a_number_is_found_whole_begun_by_its_serial_and_by_that_of_others(office, filed):
    number = next(iter(filed))
    with office.rt.database.writing() as tx:
        tx.execute(insert(CaseReferenceRow).values(system="zxt", number="SZ-2026_0815", case_id=1, digest=None))

    assert search(office, filed, number.lower()) == {"rubbish"}
    assert search(office, filed, number[:-1]) == {"rubbish"}
    assert search(office, filed, number[:11]) == set(TEXTS)
    assert search(office, filed, number[3:11]) == set(TEXTS)
    assert search(office, filed, "1") >= {"rubbish"}
    assert search(office, filed, "SZ-2026_") == {"rubbish"}
    assert search(office, filed, "SZ-20260") == set()
    assert search(office, filed, "20269999") == set()


def test_a_corrected_address_is_found_under_its_new_words_alone(office, filed):
    number = next(one for one, name in filed.items() if name == "lane")
    acceptor = office.caller("acceptor")
    shown = acceptor.get(f"/cases/{number}").json
    leader = office.caller("shift_leader")
    for caller, action, body in (
        (acceptor, "correct", {"address": "晋陵中路口", "note": "路名有误"}),
        (leader, "decide_correction", {"ruling": "grant"}),
    ):
        if caller is leader and shown["address"] == "晋陵中路口":
            break
        assert caller.act(number, action, **body).status_code == 200, action
        shown = acceptor.get(f"/cases/{number}").json

    assert shown["address"] == "晋陵中路口"
    assert search(office, filed, "晋陵") == {"lane"}
    assert search(office, filed, "延陵") == set()


@pytest.mark.parametrize("window", [0, 1, 2, 3, 100])
@pytest.mark.parametrize(("most", "expected"), [(1, {"signs"}), (2, {"rubbish", "signs"}), (9, {"rubbish", "signs"})])
def test_of_many_that_hold_the_words_the_newest_are_looked_through(office, filed, monkeypatch, window, most, expected):
    monkeypatch.setattr(store, "_WINDOW", window)
    monkeypatch.setattr(store, "MOST_LOOKED_THROUGH", most)
    assert search(office, filed, "大街") == expected


def test_a_word_is_asked_for_by_its_pairs():
    assert grams("垃圾") == ("垃圾",)
    assert grams("ABAB") == ("ab", "ba")
    assert grams("街") == ()
    assert len(grams("".join(chr(0x4E00 + n) for n in range(100)))) == 16
