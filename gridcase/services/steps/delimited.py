"""Rows of a delimited text file, whatever is broken in it: a row that cannot be read never takes another along.

Streams: memory does not grow with the file. Knows nothing of what the columns mean. Quoting as in RFC 4180; a quote
that is never closed costs its own line, not the rest of the file.
"""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from gridcase.domain.errors import InvalidInputError, Params, Problem

#: Longest line and longest row; a real one has a few kilobytes.
_LONGEST = 1 << 18
#: Lines that one row may stretch over.
_MOST_LINES = 200
_UTF8_MARK = b"\xef\xbb\xbf"
#: GB 18030 reads every letter of these as they do, and the rare ones that programs write under their name.
_WITHIN_GB18030 = frozenset({"gbk", "gb2312", "cp936"})

#: How much of the file is looked at to tell UTF-8 from an older encoding.
_SAMPLE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a file is written.

    Parameters
    ----------
    header_rows
        Lines down to and including the one with the names of the columns.
    """

    encoding: str
    delimiter: str = ","
    header_rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One row below the header.

    Parameters
    ----------
    number
        1, 2, 3 … in the order of the file; blank lines are none.
    line
        Line it begins in.
    cells
        As many as the header has; empty when the row is refused.
    refused, params
        Code of what is wrong with it; empty when it can be read.
    """

    number: int
    line: int
    cells: tuple[str, ...] = ()
    refused: str = ""
    params: Params | None = None


class Sheet:
    """An open file: its header, then its rows, once.

    Raises
    ------
    InvalidInputError
        On ``file``: it cannot be unpacked, is not in the encoding, or has no header.
    """

    def __init__(self, path: Path, shape: Shape) -> None:
        self.size = path.stat().st_size
        self.header: tuple[str, ...] = ()
        self._shape = shape
        self._offset = 0
        self._ahead: deque[tuple[int, str]] = deque()
        self._raw = path.open("rb")
        try:
            self._bytes = _unpacked(self._raw)
            self._encoding = self._told_encoding()
            self._lines = self._decoded()
            self.header = self._header()
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes of the file read so far, packed as they are."""
        return self._raw.tell()

    def rows(self) -> Iterator[SheetRow]:
        """Yield every row below the header."""
        number = 0
        while (found := self._record()) is not None:
            line, cells, refused = found
            if not refused and (not cells or cells == [""]):
                continue
            number += 1
            params: Params | None = None
            if not refused and len(cells) != len(self.header):
                refused, params = "row_cells", {"cells": len(cells), "columns": len(self.header)}
            elif not refused and any("\0" in cell for cell in cells):
                refused = "row_nul"
            kept = () if refused else tuple(cells)
            yield SheetRow(number=number, line=line, cells=kept, refused=refused, params=params)

    def _told_encoding(self) -> str:
        try:
            head = self._bytes.peek(_SAMPLE)[:_SAMPLE]
        except (OSError, EOFError, zlib.error):
            raise _wrong("file_unreadable") from None
        if head.startswith(_UTF8_MARK):
            self._bytes.read(len(_UTF8_MARK))
            self._offset = len(_UTF8_MARK)
            return "utf-8"
        if self._shape.encoding != "utf-8" and not head.isascii() and _is_utf8(head):
            raise _wrong("file_looks_utf8", encoding=self._shape.encoding)
        return "gb18030" if self._shape.encoding.lower() in _WITHIN_GB18030 else self._shape.encoding

    def _decoded(self) -> Iterator[tuple[int, str]]:
        """Yield every line with its number; one that is too long is cut, so that it cannot be a row."""
        number = 0
        while True:
            try:
                raw = self._bytes.readline(_LONGEST)
                rest = raw
                while rest and not rest.endswith(b"\n") and len(rest) == _LONGEST:
                    rest = self._bytes.readline(_LONGEST)
                    self._offset += len(rest)
            except (OSError, EOFError, zlib.error):
                raise _wrong("file_unreadable") from None
            if not raw:
                return
            number += 1
            is_cut = rest is not raw
            try:
                text = raw.decode(self._encoding, "replace" if is_cut else "strict")
            except UnicodeDecodeError as error:
                raise _wrong("file_encoding", encoding=self._encoding, offset=self._offset + error.start) from None
            self._offset += len(raw)
            yield number, _CUT if is_cut else text

    def _header(self) -> tuple[str, ...]:
        found: tuple[int, list[str], str] | None = None
        for _ in range(self._shape.header_rows):
            found = self._record()
        if found is None or found[2]:
            raise _wrong("header_unreadable")
        return tuple(name.strip() for name in found[1])

    def _next(self) -> tuple[int, str] | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _record(self) -> tuple[int, list[str], str] | None:
        """Return where the next record begins, its cells, and what is wrong with it; None at the end."""
        first = self._next()
        if first is None:
            return None
        line, text = first
        if text is _CUT:
            return line, [], "row_too_long"
        if '"' not in text:
            return line, text.rstrip("\r\n").split(self._shape.delimiter), ""
        cells, state = self._parse(text)
        if state == "open":
            return self._stretched(line, text)
        return line, cells, state

    def _stretched(self, line: int, text: str) -> tuple[int, list[str], str]:
        """Read on until the quote is closed; where it never is, refuse its line alone and read the others anew."""
        taken: list[tuple[int, str]] = []
        state, cells, length = "open", list[str](), len(text)
        while state == "open" and len(taken) < _MOST_LINES and length < _LONGEST:
            following = self._next()
            if following is None:
                break
            if following[1] is _CUT:
                self._ahead.appendleft(following)
                break
            taken.append(following)
            length += len(following[1])
            if '"' in following[1]:
                cells, state = self._parse(text + "".join(one for _, one in taken))
        is_whole = state == "" and (len(cells) == len(self.header) or not self._is_row(taken[0][1]))
        if is_whole:
            return line, cells, ""
        self._ahead.extendleft(reversed(taken))
        return line, [], "row_quote"

    def _is_row(self, text: str) -> bool:
        """Tell whether a line is a row by itself: then the quote before it was never closed."""
        cells, state = self._parse(text)
        return state == "" and len(cells) == len(self.header)

    def _parse(self, text: str) -> tuple[list[str], str]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._shape.delimiter, strict=True)
        try:
            return next(reader, []), ""
        except csv.Error as error:
            return [], "open" if "unexpected end of data" in str(error) else "row_quote"


#: Stands for a line that was too long to be read.
_CUT = "\0cut"


def _unpacked(raw: BinaryIO) -> io.BufferedReader:
    """Unpack by content: gzip is known by its first bytes, whatever the name."""
    magic = raw.read(2)
    raw.seek(0)
    inner = gzip.GzipFile(fileobj=raw) if magic == b"\x1f\x8b" else raw
    return io.BufferedReader(inner, buffer_size=_SAMPLE)  # type: ignore[arg-type]  # a gzip file reads like a raw one


def _is_utf8(head: bytes) -> bool:
    """Tell whether bytes are UTF-8, but for a character cut at their end."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _SAMPLE and error.start > len(head) - 4
    return True


def _wrong(code: str, /, **params: str | int) -> InvalidInputError:
    return InvalidInputError("invalid_input", fields={"file": (Problem(code=code, params=params),)})
