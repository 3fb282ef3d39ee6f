"""Cell codes: shape, padding and parts."""

import pytest

from gridcase.domain.errors import InvalidInputError
from gridcase.grid.codes import cell_code, parents, parse_cell_code


def test_a_cell_code_has_four_parts():
    parts = parse_cell_code("320404005011007")
    assert (parts.district, parts.street, parts.community, parts.sequence) == ("320404", "005", "011", "007")
    assert (parts.street_code, parts.community_code) == ("320404005", "320404005011")
    assert parts.code == "320404005011007"


def test_capital_letters_are_allowed_anywhere():
    assert parse_cell_code("32040400501A0Z9").sequence == "0Z9"


def test_a_code_of_the_older_standard_gets_a_zero_before_its_sequence():
    assert parse_cell_code("32040400501107").code == "320404005011007"
    assert parse_cell_code("32040400501199").sequence == "099"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "320404005011",  # a community
        "3204040050110",  # 13
        "3204040050110071",  # 16
        "32040400501100a",  # small letter
        "32040400501100 ",  # blank
        " 20404005011007",
        "32040400501100\n",
        "32040400501100７",  # full-width digit
        "32040400501１07",  # full-width, 14
        "320404-05011007",
    ],
)
def test_anything_else_is_refused_with_the_code_named(text):
    with pytest.raises(InvalidInputError) as refusal:
        parse_cell_code(text)
    [problem] = refusal.value.fields["cell"]
    assert problem.code == "cell_code_malformed"
    assert problem.params == {"cell": text}


def test_parents_are_prefixes_in_the_form_of_layers():
    assert parents("320404005011007") == {
        "community": ("320404005011",),
        "street": ("320404005",),
        "district": ("320404",),
    }


@pytest.mark.parametrize(("sequence", "code"), [(1, "320404005011001"), (999, "320404005011999")])
def test_a_sequence_is_written_with_three_digits(sequence, code):
    assert cell_code("320404005011", sequence) == code


@pytest.mark.parametrize(
    ("community", "sequence"),
    [("320404005011", 0), ("320404005011", 1000), ("320404005", 1), ("32040400501x", 1)],
)
def test_no_code_is_made_of_wrong_parts(community, sequence):
    with pytest.raises(InvalidInputError):
        cell_code(community, sequence)
