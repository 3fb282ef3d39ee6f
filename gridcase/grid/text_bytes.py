"""Which letters do these bytes mean: the encoding a Shapefile declares, and whether it can be true.

A wrong decoding is never silent: bytes that do not fit the encoding named, or that are plainly of another one, are
refused. Language bytes after the dBASE and ESRI tables; ``.cpg`` wins over them.
"""

import codecs
import re
from collections.abc import Iterable

from gridcase.domain.errors import invalid

#: Language byte (offset 29 of a DBF) to code page; those that only say "as the machine has it" are left out.
_LANGUAGES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x4D: "gb18030",
    0x4E: "cp949",
    0x4F: "cp950",
    0x50: "cp874",
    0x58: "cp1252",
    0x59: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0x78: "cp950",
    0x79: "cp949",
    0x7A: "gb18030",
    0x7B: "cp932",
    0x7C: "cp874",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
}

#: What else people and programs call the encodings of Chinese; GB 18030 holds GBK, which holds GB 2312.
_CHINESE = frozenset(
    {"gbk", "gb2312", "gb18030", "cp936", "936", "ansi936", "ms936", "windows936", "euccn", "54936", "cp54936"}
)

#: What programs write into a ``.cpg`` when nobody chose: every byte fits, so that only the letters can tell.
_WESTERN = frozenset({"iso8859-1", "iso8859-15", "cp1252"})

#: Two Chinese letters or more in a row of GB 2312: both bytes of each above A0.
_GB_PAIRS = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe]){2,}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")

#: So many letters beyond ASCII that are whole UTF-8 are no accident in another encoding.
_ENOUGH = 3


def named_encoding(text: str) -> str | None:
    """Find the codec that a person or a ``.cpg`` names; None for a name nobody knows.

    Examples
    --------
    >>> named_encoding("GBK"), named_encoding("65001"), named_encoding("ANSI 936"), named_encoding("8859-1")
    ('gb18030', 'utf-8', 'gb18030', 'iso8859-1')
    >>> named_encoding("klingon")
    """
    plain = re.sub(r"[^a-z0-9]", "", text.strip().lower())
    if plain in _CHINESE:
        return "gb18030"
    number = re.fullmatch(r"(?:ansi|oem|cp|ms|windows)?(\d{3,5})", plain)
    candidates = [text.strip()]
    latin = re.fullmatch(r"(?:iso)?8859(\d{1,2})", plain)
    if latin is not None:
        candidates = [f"iso-8859-{latin[1]}"]
    elif number is not None:
        candidates = ["utf-8"] if number[1] == "65001" else [f"cp{number[1]}"]
    for candidate in candidates:
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        # Also bytes-to-bytes codecs such as "hex" stand in the register.
        return found.name if getattr(found, "_is_text_encoding", True) else None
    return None


def asked_encoding(text: str | None) -> str | None:
    """Find the codec that was asked for.

    Raises
    ------
    InvalidInputError
        ``encoding_unknown`` on the field ``encoding``.
    """
    if text is None:
        return None
    found = named_encoding(text)
    if found is None:
        raise invalid("encoding", "encoding_unknown", encoding=text[:40])
    return found


def encoding_of_table(texts: Iterable[bytes], *, asked: str | None, declared: str | None, language: int) -> str:
    """Settle the encoding of a table from what was asked for, its ``.cpg`` and its language byte, in this order.

    Parameters
    ----------
    texts
        All texts of the table, in bytes.
    asked
        Codec asked for.
    declared
        What the ``.cpg`` says; None without one.
    language
        Language byte.

    Returns
    -------
    str
        Codec with which all texts can be read, but for a last letter cut in two; ``ascii`` when nothing is said
        and nothing needed.

    Raises
    ------
    InvalidInputError
        On the field ``encoding``: ``encoding_must_be_named`` when nothing is said but needed, or the language byte
        or the ``.cpg`` says Western while the letters are Chinese; ``encoding_does_not_fit`` when the texts are of
        another.
    """
    high = [text for text in texts if not text.isascii()]
    known = asked or (named_encoding(declared) if declared else None)
    is_told = known is not None
    known = known or (None if declared else _LANGUAGES.get(language))
    if not high:
        return known or "ascii"
    is_doubted = known in _WESTERN if is_told else known is not None and not known.startswith(("gb", "cp9"))
    if known is None or (asked is None and is_doubted and _looks_chinese(high)):
        raise invalid("encoding", "encoding_must_be_named")
    if not all(_fits(text, known) for text in high) or (known != "utf-8" and _is_utf8(high)):
        raise invalid("encoding", "encoding_does_not_fit", encoding=known)
    return known


def read_bytes(text: bytes, encoding: str) -> str:
    """Decode one text of a table whose encoding fits; a last letter that was cut in two is left out."""
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as err:
        return text[: err.start].decode(encoding)


def read_document(raw: bytes, *, asked: str | None) -> str:
    """Decode a document of JSON: UTF-8 (RFC 8259), UTF-16 with its mark, else what was asked for.

    Raises
    ------
    InvalidInputError
        ``encoding_must_be_named`` or ``encoding_does_not_fit`` on the field ``encoding``.
    """
    is_utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        if asked is None:
            raise invalid("encoding", "encoding_must_be_named") from None
    else:
        if asked is not None and asked != "utf-8" and not is_utf16 and not raw.isascii():
            raise invalid("encoding", "encoding_does_not_fit", encoding=asked)
        return text
    try:
        return raw.decode(asked)
    except UnicodeDecodeError:
        raise invalid("encoding", "encoding_does_not_fit", encoding=asked) from None


def _fits(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError as err:
        # Programs cut a text at the width of its column, in the middle of a letter.
        return err.end == len(text) and err.start > 0 and err.end - err.start < 4  # noqa: PLR2004
    return True


def _is_utf8(texts: Iterable[bytes]) -> bool:
    letters = 0
    for text in texts:
        if not _fits(text, "utf-8"):
            return False
        letters += sum(ord(letter) > 0x7F for letter in read_bytes(text, "utf-8"))  # noqa: PLR2004
    return letters >= _ENOUGH


def _looks_chinese(texts: Iterable[bytes]) -> bool:
    """Whether letters beyond ASCII stand in pairs and rows as in GB 2312, unlike accents in a Western word."""
    runs = [run for text in texts for run in _HIGH_RUN.findall(text)]
    return sum(bool(_GB_PAIRS.fullmatch(run)) for run in runs) * 2 > len(runs)
