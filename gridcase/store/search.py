"""Cases by number or by words: what the one field above a list asks.

Words are found through pairs of neighbouring characters (``case_search``, kept by triggers of migration 0011), so that
two Chinese characters are enough and a million closed cases cost nothing; what is found is compared with the texts
once more, so the answer is exact. Who may see a case is not decided here.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    union_all,
)

from gridcase.domain.case import OPEN_STATES
from gridcase.domain.numbers import parse_number
from gridcase.store.database import LARGEST_ID, UtcDateTime

#: Of the cases that may hold the words, the newest so many are looked through when ended ones are asked for too: a
#: word of every second case ("路") must not read half a million. Among open cases all are.
MOST_LOOKED_THROUGH = 1000
_MOST_GRAMS = 16
#: Cases in which a word of an everyday road is found often enough.
_WINDOW = 100_000
_LEAST_OF_A_NUMBER = 3
#: Of the identity in our number.
_LEAST_DIGITS = 6

# Named here and not taken from ``gridcase.store.cases``, whose lists ask for this module's answer.
_CASES = table(
    "case_record",
    column("id", Integer),
    column("prefix", String),
    column("filed_on", Date),
    column("filed_at", UtcDateTime),
    column("state", String),
    column("address", Text),
    column("place", Text),
    column("description", Text),
).c
_REFERENCES = table("case_reference", column("case_id", Integer), column("number", String)).c
_SEARCH = table("case_search", column("case_id"), column("rowid"), column("grams"))
_BY_DAY = re.compile(r"(?P<prefix>[A-Z]{2,6})?(?P<day>\d{8})(?P<identity>\d{0,12})[0-9A-Z]?", re.ASCII)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_DAY = timedelta(days=1)


def matching(asked: Sequence[str], *, is_sqlite: bool, only_open: bool, newest: int = 0) -> CompoundSelect[tuple[int]]:
    """Return the identities of the cases that hold every word, each in any one text, or that have the number.

    Parameters
    ----------
    asked
        At least one, none blank. A single one may be a number of ours (its beginning with the date, or its serial
        alone), or the beginning of a number that another system gave.
    only_open
        The list shows open cases alone: then all of them are looked through.
    newest
        Identity of the newest case, for a server whose index does not know which cases are new; 0 if not known.
    """
    parts = [_by_words(asked, is_sqlite=is_sqlite, only_open=only_open, newest=newest)]
    if len(asked) == 1:
        parts += _by_number(asked[0], is_sqlite=is_sqlite)
    return union_all(*parts)


def grams(word: str) -> tuple[str, ...]:
    """Return the pairs of neighbouring characters of a word, each once, at most sixteen.

    Examples
    --------
    >>> grams("南大街A")
    ('南大', '大街', '街a')
    """
    lowered = word.translate(_ASCII_LOWER)
    return tuple(dict.fromkeys(lowered[n : n + 2] for n in range(len(lowered) - 1)))[:_MOST_GRAMS]


def _by_words(asked: Sequence[str], *, is_sqlite: bool, only_open: bool, newest: int) -> Select[tuple[int]]:
    held = select(_CASES.id).where(*(_holds(word) for word in asked))
    if only_open:
        return held.where(_CASES.state.in_(sorted(str(state) for state in OPEN_STATES)))
    pairs = tuple(dict.fromkeys(pair for word in asked for pair in grams(word)))[:_MOST_GRAMS]
    candidates = _candidates(pairs, is_sqlite=is_sqlite, newest=newest)
    return held.where(_CASES.id.in_(candidates))


def _candidates(pairs: tuple[str, ...], *, is_sqlite: bool, newest: int) -> Select[tuple[int]]:
    """Return the newest cases that have all pairs; with no pair, of a single letter, the newest of all."""
    if not pairs:
        found = select(_CASES.id).order_by(_CASES.id.desc())
    elif is_sqlite:
        wanted = " AND ".join(pair.encode().hex().upper() for pair in pairs)
        matched = literal_column("case_search").op("MATCH")(bindparam(None, wanted, type_=String))
        found = select(_SEARCH.c.rowid.label("id")).where(matched).order_by(_SEARCH.c.rowid.desc())
    else:
        return _newest_first(pairs, newest)
    limited = found.limit(MOST_LOOKED_THROUGH).subquery()
    return select(limited.c.id)


def _newest_first(pairs: tuple[str, ...], newest: int) -> Select[tuple[int]]:
    """Return the newest cases that have all pairs, on PostgreSQL: from a window of new ones if they are enough.

    Its index gives all that have the pairs, in no order. Whether the window had enough is asked before any older one
    is read.
    """
    array = cast(bindparam(None, list(pairs), type_=ARRAY(Text)), ARRAY(Text))
    held = select(_SEARCH.c.case_id.label("id")).where(_SEARCH.c.grams.op("@>")(array))
    held = held.order_by(_SEARCH.c.case_id.desc()).limit(MOST_LOOKED_THROUGH)
    # Written into the statement: with a parameter the server would not know how few the window has.
    edge: ColumnElement[int] = literal_column(str(max(newest - _WINDOW, 0)), Integer)
    recent = held.where(_SEARCH.c.case_id > edge).cte("recent").prefix_with("MATERIALIZED", dialect="postgresql")
    is_short = select(func.count()).select_from(recent).scalar_subquery() < MOST_LOOKED_THROUGH
    older = held.where(_SEARCH.c.case_id <= edge, is_short).subquery()
    either = union_all(select(recent.c.id), select(older.c.id)).subquery()
    return select(either.c.id).order_by(either.c.id.desc()).limit(MOST_LOOKED_THROUGH)


def _holds(word: str) -> ColumnElement[bool]:
    texts = (_CASES.address, _CASES.place, _CASES.description)
    return or_(*(text.icontains(word, autoescape=True) for text in texts))


def _by_number(word: str, *, is_sqlite: bool) -> list[Select[tuple[int]]]:
    """Return what a number may mean: ours whole or begun, the serial alone, or the beginning of theirs."""
    found = []
    parts = parse_number(word)
    if parts is not None:
        found.append(select(_CASES.id).where(_CASES.id == min(parts.identity, LARGEST_ID)))
    elif (match := _BY_DAY.fullmatch(word.upper())) and (day := _day(match["day"])):
        found.append(_begun(match["prefix"], day, match["identity"]))
    elif word.isascii() and word.isdigit() and int(word) <= LARGEST_ID:
        found.append(select(_CASES.id).where(_CASES.id == int(word)))
    if len(word) >= _LEAST_OF_A_NUMBER and word.isascii():
        number = _REFERENCES.number
        begins = (
            and_(number >= word, number < word + "\U0010ffff")
            if is_sqlite
            else number.startswith(word, autoescape=True)
        )
        theirs = select(_REFERENCES.case_id).where(begins).limit(MOST_LOOKED_THROUGH).subquery()
        found.append(select(theirs.c.case_id))
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _begun(prefix: str | None, day: date, digits: str) -> Select[tuple[int]]:
    # By the instant, which has an index; the day is that of the instance's own zone.
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC"))
    found = select(_CASES.id).where(
        _CASES.filed_on == day, _CASES.filed_at >= midnight - _DAY, _CASES.filed_at < midnight + 2 * _DAY
    )
    if prefix:
        found = found.where(_CASES.prefix == prefix)
    if digits:
        found = found.where(or_(*_identities(digits)))
    return found


def _identities(digits: str) -> list[ColumnElement[bool]]:
    """Return the ranges of identities whose six or more digits begin so; the last may be the check character."""
    ranges: list[ColumnElement[bool]] = []
    for begun in {digits, digits[:-1]} if len(digits) > _LEAST_DIGITS else {digits}:
        for width in range(_LEAST_DIGITS, len(str(LARGEST_ID)) + 1):
            spare = width - len(begun)
            if spare < 0 or (width > _LEAST_DIGITS and begun.startswith("0")):
                continue
            low = int(begun) * 10**spare
            if low <= LARGEST_ID:
                ranges.append(_CASES.id.between(low, min(low + 10**spare - 1, LARGEST_ID)))
    return ranges
