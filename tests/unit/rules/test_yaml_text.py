import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.domain.errors import RuleFileError
from gridcase.rules.yaml_text import plain_scalar, read_yaml, write_yaml


def problems(text: str | bytes) -> dict[str, list[str]]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(RuleFileError) as caught:
        read_yaml(data)
    assert caught.value.code == "rule_file_unreadable"
    return {place: [problem.code for problem in found] for place, found in caught.value.fields.items()}


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("06001", "06001"),  # YAML 1.1 reads an octal number
        ("14:00", "14:00"),  # and 840 here
        ("2026-10-01", "2026-10-01"),
        ("2026-02-30", "2026-02-30"),  # no day: whoever reads a date refuses it, with its place
        ("yes", "yes"),
        ("off", "off"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        ("0x10", "0x10"),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
    ],
)
def test_an_unquoted_word_means_what_it_looks_like(scalar, value):
    found = read_yaml(f"key: {scalar}\n".encode())["key"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_always_text():
    assert read_yaml(b"2026: a\n2026-10-01: b\ntrue: c") == {"2026": "a", "2026-10-01": "b", "true": "c"}


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("a: 1\nb: [1\n", "line 2", "yaml_syntax"),
        ("a: 1\n\tb: 2\n", "line 2", "yaml_syntax"),
        ("a: 1\n\nb: \x01\n", "line 3", "yaml_syntax"),
        ("a: 1\nb: &x 2\n", "line 2", "yaml_alias"),
        ("a: *x\n", "line 1", "yaml_alias"),
        ("a: 1\nb: !!python/object/apply:os.getcwd []\n", "line 2", "yaml_tag"),
        ("a: !!str 1\n", "line 1", "yaml_tag"),
        ("a: 1\n---\nb: 2\n", "line 2", "yaml_many_documents"),
        ("? [a]\n: 1\n", "line 1", "yaml_key_not_text"),
        ("a:\n  " + "[" * 40, "line 2", "yaml_too_deep"),
        ("- 1\n", "line 1", "yaml_root_not_mapping"),
        ("", "line 1", "yaml_root_not_mapping"),
        ("# nothing yet\n", "line 1", "yaml_root_not_mapping"),
        (b"a: 1\nb: \xff\n", "line 2", "file_not_utf8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, place, code):
    assert problems(text) == {place: [code]}


def test_all_repeated_keys_are_told_at_once():
    assert problems("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == {
        "line 4": ["yaml_duplicate_key"],
        "line 5": ["yaml_duplicate_key"],
    }


def test_the_same_key_in_two_mappings_is_no_repetition():
    assert read_yaml(b"x: [{a: 1}, {a: 2}]") == {"x": [{"a": 1}, {"a": 2}]}


def test_a_byte_order_mark_is_read_over():
    assert read_yaml("\ufeffa: 街".encode()) == {"a": "街"}


def test_bodies_are_written_alike_whatever_the_order_of_their_keys():
    one = {"version": "1", "types": [{"code": "06001", "name": {"zh": "私搭", "en": "x"}}], "note": None}
    other = {"note": None, "types": [{"name": {"en": "x", "zh": "私搭"}, "code": "06001"}], "version": "1"}
    assert write_yaml(one) == write_yaml(other)


def test_written_text_means_the_same_to_a_reader_of_yaml_1_1():
    body = {"code": "06001", "time": "14:00", "day": "2026-10-01", "word": "yes", "number": "1e5", "nothing": "~"}
    assert yaml.safe_load(write_yaml(body)) == body


def test_a_value_used_twice_is_written_twice():
    shared = {"normal": "1 working_hour"}
    assert read_yaml(write_yaml({"a": shared, "b": shared}).encode()) == {"a": shared, "b": shared}


words = st.text(max_size=12) | st.sampled_from(
    [
        "06001",
        "14:00",
        "yes",
        "null",
        "~",
        "1e5",
        "0.5",
        "-",
        "? a",
        "a: b",
        "# c",
        "a\nb",
        " x ",
        "\ufeff",
        "\x85",
        "'\"",
        "=",
        "<<",
    ]
)
scalars = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | words | st.floats(-1e15, 1e15)
bodies = st.dictionaries(
    words,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)),
    max_size=4,
)


@given(bodies)
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back_identical(body):
    text = write_yaml(body)
    assert read_yaml(text.encode()) == body
    assert write_yaml(read_yaml(text.encode())) == text


@given(st.text(alphabet="0123456789+-.eE_:xnaif", max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_number_is_finite_and_keeps_its_digits(text):
    value = plain_scalar(text)
    if isinstance(value, int | float):
        assert math.isfinite(value)
        assert float(text) == value
        assert not text.lstrip("+-").startswith("0") or text.lstrip("+-")[1:2] in ("", ".", "e", "E")
