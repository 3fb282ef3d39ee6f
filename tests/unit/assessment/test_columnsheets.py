"""Long tables are written column by column; the bytes are those of writing them row by row."""

from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment import columnsheets
from gridcase.assessment.columnsheets import ColumnSheet, csv_chunks, json_chunks, sheet_of
from gridcase.assessment.sheets import columns, sheet_csv, sheet_json

FORMS = columns(z="text", b="code", n="number", d="decimal", i="instant", f="flag")
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["=1", "a,b", '"', "\\", "两\r\n行", "\x01", "－x", "'", "\ufeff", "null"]),
)
ROWS = st.lists(
    st.tuples(
        TEXTS,
        TEXTS,
        st.none() | st.integers(-(2**53), 2**53),
        st.none() | st.decimals(-1000, 1000, places=2).map(lambda value: f"{value:f}"),
        st.none() | st.integers(0, 4_000_000_000),
        st.none() | st.booleans(),
    ),
    max_size=12,
)
TYPES = [pl.String, pl.String, pl.Int64, pl.String, pl.Int64, pl.Boolean]


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["Asia/Shanghai", "UTC", "America/St_Johns"]))
def test_columns_give_the_bytes_of_rows(rows, zone):
    held = list(zip(*rows, strict=True)) or [()] * len(FORMS)
    frame = pl.DataFrame(
        [pl.Series(one.name, list(values), dtype=kind) for one, values, kind in zip(FORMS, held, TYPES, strict=True)]
    )
    long = ColumnSheet(name="s", columns=FORMS, frame=frame)
    plain, where = sheet_of(long), ZoneInfo(zone)

    assert b"".join(csv_chunks(long, zone=where)) == sheet_csv(plain, zone=where)
    assert b"".join(json_chunks(long, zone=where)) == sheet_json(plain, zone=where)


@pytest.mark.parametrize("slice_", [1, 2, 3, 7])
def test_where_a_table_is_cut_shows_nowhere(monkeypatch, slice_):
    frame = pl.DataFrame({"a": [f"x{number}" for number in range(7)], "n": list(range(7))})
    long = ColumnSheet(name="s", columns=columns(a="text", n="number"), frame=frame)
    zone = ZoneInfo("UTC")
    whole = (b"".join(csv_chunks(long, zone=zone)), b"".join(json_chunks(long, zone=zone)))
    monkeypatch.setattr(columnsheets, "SLICE", slice_)

    assert (b"".join(csv_chunks(long, zone=zone)), b"".join(json_chunks(long, zone=zone))) == whole
