"""Case numbers: made from three parts, taken apart again, and typed wrong."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridcase.domain.numbers import NumberParts, _check_character, case_number, parse_number

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

parts = st.builds(
    NumberParts,
    prefix=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=6),
    filed_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    identity=st.integers(1, 999_999_999_999),
)


@given(parts)
def test_a_number_is_taken_apart_into_what_it_was_made_of(made_of):
    number = case_number(made_of)
    assert parse_number(number) == made_of
    assert parse_number(f"  {number.lower()}\n") == made_of


@given(parts, st.data())
def test_one_wrong_character_anywhere_is_found(made_of, data):
    number = case_number(made_of)
    at = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from(CHARACTERS.replace(number[at], "")))
    assert parse_number(number[:at] + wrong + number[at + 1 :]) is None


def may_be_missed(number: str, at: int) -> bool:
    """Tell whether two neighbours differ by one: such a pair is missed in 1 of 36 states of the check character."""
    one, other = sorted(CHARACTERS.index(character) for character in number[at : at + 2])
    return other == one + 1


@given(parts, st.data())
def test_two_neighbours_swapped_are_found_unless_they_differ_by_one(made_of, data):
    number = case_number(made_of)
    at = data.draw(st.integers(0, len(number) - 2))
    assume(number[at] != number[at + 1] and not may_be_missed(number, at))
    assert parse_number(number[:at] + number[at + 1] + number[at] + number[at + 2 :]) is None


def test_of_the_swaps_of_neighbouring_digits_all_but_few_are_found():
    swaps = missed = 0
    for identity in range(1, 3000):
        number = case_number(NumberParts(prefix="NDJ", filed_on=date(2026, 10, 12), identity=identity))
        for at in range(11, len(number) - 2):
            if number[at] != number[at + 1]:
                swaps += 1
                missed += parse_number(number[:at] + number[at + 1] + number[at] + number[at + 2 :]) is not None
    assert swaps / 400 < missed < swaps / 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "NDJ",
        "NDJ20261012000042",  # check character left out
        "NDJ20261012000042P",
        "NDJ20261332000042O",
        "NDJ20261012000042O1",
        "N20261012000042O",
        "NDJ２０２６１０１２００００４２O",  # digits of another script are not ours
        "NDJ٢٠٢٦١٠١٢٠٠٠٠٤٢O",
        "ＮＤＪ20261012000042O",
        "NDJ2026-10-12-000042O",
    ],
)
def test_what_is_no_number_is_none(text):
    assert parse_number("NDJ20261012000042O") is not None
    assert parse_number(text) is None


def test_a_number_with_a_day_that_does_not_exist_is_none_although_its_check_character_fits():
    for body in ("NDJ20260230000042", "NDJ20261301000042"):
        assert parse_number(body + _check_character(body)) is None


def test_numbers_of_one_day_differ():
    numbers = [
        case_number(NumberParts(prefix="NDJ", filed_on=date(2026, 10, 12), identity=identity))
        for identity in range(1, 2000)
    ]
    assert len(set(numbers)) == len(numbers)
