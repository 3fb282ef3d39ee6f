"""Rows of files that are broken in every way: one broken row never takes another along."""

import gzip
from pathlib import Path

import pytest

from gridcase.domain.errors import InvalidInputError
from gridcase.services.steps.delimited import Shape, Sheet

UTF8 = Shape(encoding="utf-8")
Rows = list[tuple[str, ...] | str]


def rows_of(path: Path, text: str | bytes, shape: Shape = UTF8) -> Rows:
    """Return the cells of every row, or the code of what is wrong with it."""
    file = path / "cases.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with Sheet(file, shape) as sheet:
        return [row.refused or row.cells for row in sheet.rows()]


def refusal(path: Path, data: bytes, shape: Shape = UTF8) -> tuple[str, dict[str, object]]:
    with pytest.raises(InvalidInputError) as refused:
        rows_of(path, data, shape)
    (problem,) = refused.value.fields["file"]
    return problem.code, dict(problem.params)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("1,x\n2,y\n", [("1", "x"), ("2", "y")]),
        ("1,x\r\n2,y", [("1", "x"), ("2", "y")]),
        # a line break, a doubled quote and a delimiter inside quotes
        ('1,"x\ny"\n2,"say ""z"", so"\n', [("1", "x\ny"), ("2", 'say "z", so')]),
        # blank lines are no rows
        ("\n1,x\n\n\n2,y\n\n", [("1", "x"), ("2", "y")]),
        # too few and too many cells
        ("1\n2,y,z\n3,w\n", ["row_cells", "row_cells", ("3", "w")]),
        # a quote that is never closed costs its own line
        ('1,"x\n2,y\n3,z\n', ["row_quote", ("2", "y"), ("3", "z")]),
        ('1,x\n2,"y', [("1", "x"), "row_quote"]),
        # and one that a later quote closes by accident, too
        ('1,"x\n2,y\n3,"z"\n', ["row_quote", ("2", "y"), ("3", "z")]),
        ('1,"x\n2,y\n3,z",\n4,w\n', ["row_quote", ("2", "y"), "row_cells", ("4", "w")]),
        # but what can be read as one row is one
        ('1,"x\n2,y\n3,z"\n4,w\n', [("1", "x\n2,y\n3,z"), ("4", "w")]),
        ('1,"x"y\n2,y\n', ["row_quote", ("2", "y")]),
        # a quote inside an unquoted cell is a character
        ('1,5" pipe\n2,y\n', [("1", '5" pipe'), ("2", "y")]),
        ("1,x\0\n2,y\n", ["row_nul", ("2", "y")]),
    ],
)
def test_a_broken_row_takes_no_other_along(tmp_path, body, rows):
    assert rows_of(tmp_path, "a,b\n" + body) == rows


def test_a_line_without_end_is_refused_and_the_next_is_read(tmp_path):
    assert rows_of(tmp_path, "a,b\n1," + "x" * 1_000_000 + "\n2,y\n") == ["row_too_long", ("2", "y")]


def test_rows_are_counted_below_the_header_and_know_their_line(tmp_path):
    file = tmp_path / "cases.csv"
    file.write_text('a title\na,b\n1,"x\ny"\n\n2,y\n', "utf-8")
    with Sheet(file, Shape(encoding="utf-8", header_rows=2)) as sheet:
        assert sheet.header == ("a", "b")
        assert [(row.number, row.line) for row in sheet.rows()] == [(1, 3), (2, 6)]


def test_a_mark_at_the_beginning_tells_the_encoding_whatever_was_said(tmp_path):
    data = b"\xef\xbb\xbf" + "编号,b\n1,街\n".encode()
    for encoding in ("utf-8", "gbk"):
        assert rows_of(tmp_path, data, Shape(encoding=encoding)) == [("1", "街")]


def test_a_packed_file_is_known_by_its_content(tmp_path):
    assert rows_of(tmp_path, gzip.compress("a,b\n1,街\n".encode("gbk")), Shape(encoding="gbk")) == [("1", "街")]


def test_a_wrong_encoding_is_refused_with_the_byte_where_it_shows(tmp_path):
    head = b"a,b\n" + b"1,x\n" * 300_000
    assert refusal(tmp_path, head + "2,街\n".encode("gbk")) == (
        "file_encoding",
        {"encoding": "utf-8", "offset": len(head) + 2},
    )
    code, told = refusal(tmp_path, "a,b\n1,街道\n".encode(), Shape(encoding="gbk"))
    assert (code, told) == ("file_looks_utf8", {"encoding": "gbk"})


def test_a_file_that_cannot_be_unpacked_or_has_no_header_is_refused(tmp_path):
    packed = gzip.compress(b"a,b\n" + b"1,x\n" * 200_000, 1)
    assert refusal(tmp_path, packed[: len(packed) // 2])[0] == "file_unreadable"
    assert refusal(tmp_path, b"\x1f\x8b not packed at all")[0] == "file_unreadable"
    assert refusal(tmp_path, b"")[0] == "header_unreadable"


def test_letters_beyond_gbk_are_read_from_a_file_that_is_called_gbk(tmp_path):
    data = "a,b\n1,𠮷街\n2,路\n".encode("gb18030")
    assert rows_of(tmp_path, data, Shape(encoding="gbk")) == [("1", "𠮷街"), ("2", "路")]
