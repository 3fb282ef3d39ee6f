"""A city of any age: the played sample city, with as many closed and open cases beside it as asked for.

The sample city is played once through the use cases; its cases are then the moulds. A copy has an identity, a place, an
address and attachments of its own, and all its instants moved by whole weeks or days, in every table that pages read.
It is written past the use cases, in bulk, and what has been written once is copied by the database itself, which is ten
times as fast; to save disk, one closed case in four has its history. Hashes of a copy's history are those of its mould,
so ``audit verify`` would object: nothing here asks it.
"""

import json
import random
import re
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from bench.databases import Kind, opened, plain_address
from gridcase.app import create_app
from gridcase.demo.city import found
from gridcase.demo.player import SEED, play
from gridcase.domain.case import OPEN_STATES
from gridcase.domain.time import SetClock
from gridcase.edge.runtime import EXTENSION
from gridcase.grid.features import UNIT_LAYER, to_shape
from gridcase.settings import Settings
from gridcase.store import schema
from gridcase.store.database import Database

ROOT = Path(__file__).parent.parent
#: A Monday in the late morning: what the sample city calls now.
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
_PLAYED = 400
#: Bumped when what is built changes, so that what an earlier bench left is not taken for it.
_EDITION = 3
#: Closed cases written from here; the database copies them until there are as many as asked for.
_ONCE = 10_000
_BATCH = 4000
#: Moulds of one week: moving one in time costs as much as writing twenty copies.
_MOULDS = 60
#: One case in so many has its history, its photos, a foreign number, news in the inbox, or repeats another.
_WITH_HISTORY, _WITH_PHOTOS, _WITH_NUMBER, _WITH_NEWS, _REPEATS = 4, 10, 5, 5, 12
_HISTORY = ("case_event", "case_event_payload")
_ROADS = (
    "人民路", "延陵路", "和平路", "晋陵路", "关河路", "怀德路", "劳动路", "健身路", "吊桥路", "南大街",
    "双桂坊", "县学街", "觅渡桥", "大庙弄", "青果巷", "西瀛里", "早科坊", "兰陵路", "广化街", "通江路",
)  # fmt: skip
_DAY = re.compile(r"\b20\d\d-\d\d-\d\d(?=[T \"])")
_CHILDREN = ("case_event", "case_event_payload", "assignment", "task")
_MADE = ("attachment", "recurrence", "case_reference", "notice", "notice_copy")

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many cases to have, and over how many days the closed ones were filed."""

    closed: int
    open: int
    days: int

    @property
    def name(self) -> str:
        """Names a database of this size."""
        return f"{self.closed}_{self.open}_{self.days}_{_EDITION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A database of a size, with the folder of what stands beside it."""

    kind: Kind
    size: Size
    url: str
    folder: Path

    @property
    def settings(self) -> Settings:
        """Settings of an application that serves it."""
        return Settings(database_url=self.url, data_dir=self.folder, config_dir=ROOT / "config")

    def passwords(self) -> dict[str, str]:
        """Return the password of every account."""
        held: dict[str, str] = json.loads((self.folder / "demo-accounts.json").read_text("utf-8"))
        return held


def city(kind: Kind, size: Size, folder: Path, server: str | None = None) -> City:
    """Build a city, unless an earlier run did; what was interrupted is built again.

    Parameters
    ----------
    folder
        Keeps the played city, the databases of SQLite and a stamp for each that is complete.
    server
        Address of a PostgreSQL server.
    """
    data = folder / "data"
    seed = _seed(data)
    place = _place(kind, size, folder, server)
    stamp = folder / f"{kind}_{size.name}.done"
    target = City(kind=kind, size=size, url=place.url, folder=data)
    if not (stamp.exists() and place.exists()):
        stamp.unlink(missing_ok=True)
        place.make()
        _build(target, seed)
        stamp.touch()
    database = opened(target.url)
    schema.upgrade(database.engine)
    database.engine.dispose()
    return target


def remove(folder: Path, server: str | None) -> None:
    """Remove the databases that stand on a server; the folder is the caller's to remove."""
    if server is not None:
        for stamp in folder.glob(f"{Kind.POSTGRESQL}_*"):
            _PostgresqlPlace(server, _database_name(stamp.stem.partition("_")[2])).drop()


def _seed(data: Path) -> Path:
    """Play the sample city, or what is missing of it."""
    path = data / "seed.sqlite"
    done = data / f"seed_{_EDITION}.done"
    if done.exists():
        return path
    data.mkdir(parents=True, exist_ok=True)
    settings = Settings(database_url=f"sqlite:///{path}", data_dir=data, config_dir=ROOT / "config")
    rt = create_app(settings, clock=SetClock(NOW)).extensions[EXTENSION]
    print("playing the sample city", file=sys.stderr, flush=True)
    play(rt, found(rt, _quiet), random.Random(SEED), _quiet, _PLAYED)
    rt.database.engine.dispose()
    done.touch()
    return path


def _quiet(_line: str) -> None:
    """Say nothing."""


class _SqlitePlace:
    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"

    def exists(self) -> bool:
        return self.path.exists()

    def make(self) -> None:
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


class _PostgresqlPlace:
    def __init__(self, server: str, name: str) -> None:
        self.server, self.name = make_url(server), name
        self.url = self.server.set(database=name).render_as_string(hide_password=False)

    def exists(self) -> bool:
        with psycopg.connect(plain_address(self.server)) as connection:
            return (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone() is not None
            )

    def make(self) -> None:
        self.drop()
        self._execute("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")

    def drop(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(plain_address(self.server), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))


def _place(kind: Kind, size: Size, folder: Path, server: str | None) -> _SqlitePlace | _PostgresqlPlace:
    if kind is Kind.SQLITE:
        return _SqlitePlace(folder / f"{size.name}.sqlite")
    if server is None:
        raise ValueError("no PostgreSQL server")
    return _PostgresqlPlace(server, _database_name(size.name))


def _database_name(name: str) -> str:
    return f"gridcase_bench_years_{name}"


def _build(target: City, seed: Path) -> None:
    database = opened(target.url)
    schema.upgrade(database.engine)
    started = time.monotonic()
    with closing(sqlite3.connect(seed)) as source:
        source.row_factory = sqlite3.Row
        writer = _sqlite_writer(database) if database.is_sqlite else _PostgresqlWriter(target.url)
        with closing(writer):
            tables = {table.name: _all(source, table.name) for table in schema.metadata().sorted_tables}
            writer.write(tables)
            writer.begin()
            done = 0
            for batch in _batches(Copies(tables, target), target.size):
                if isinstance(batch, Again):
                    writer.again(batch)
                    done += batch.cases
                else:
                    writer.write(batch)
                    done += len(batch["case_record"])
                _progress(target, done, started)
            print(f"\n{target.kind}: indexes", end="", file=sys.stderr, flush=True)
            writer.finish()
    database.engine.dispose()
    print(f", {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _progress(target: City, done: int, started: float) -> None:
    total = target.size.closed + target.size.open
    rate = done / (time.monotonic() - started)
    print(f"\r{target.kind}: {done:,} of {total:,} cases, {rate:,.0f}/s  ", end="", file=sys.stderr, flush=True)


def _all(source: sqlite3.Connection, table: str) -> list[Row]:
    return [dict(row) for row in source.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - our own tables


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mould:
    """A case of the sample city with the rows that belong to it."""

    case: Row
    children: Mapping[str, list[Row]]
    attachments: list[Row]

    @property
    def is_open(self) -> bool:
        return self.case["state"] in OPEN_STATES

    def last_day(self) -> date:
        return date.fromisoformat(self.case["last_event_at"][:10])

    def moved(self, days: int) -> "_Mould":
        """Return the mould with all instants moved by so many days."""
        return replace(
            self,
            case=_moved(self.case, days),
            children={name: [_moved(row, days) for row in rows] for name, rows in self.children.items()},
            attachments=[_moved(row, days) for row in self.attachments],
        )


def _moved(row: Row, days: int) -> Row:
    def later(found: re.Match[str]) -> str:
        return _day_after(found[0], days)

    return {name: _DAY.sub(later, value) if isinstance(value, str) else value for name, value in row.items()}


@cache
def _day_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


class Copies:
    """Makes copies of the sample city's cases."""

    def __init__(self, tables: Mapping[str, list[Row]], target: City) -> None:
        self._draw = random.Random(20261130)
        self._next = {name: max((row["id"] for row in tables[name]), default=0) + 1 for name in _COUNTED}
        self._first = self._next["case_record"]
        self._people = [row["id"] for row in tables["person"]]
        self._cells = _cells(target)
        moulds = [_mould(row, tables) for row in tables["case_record"] if row["lead"] is None]
        self.closed = [one for one in moulds if one.case["state"] == "closed"]
        self.open = [one for one in moulds if one.is_open]

    def copy(self, mould: _Mould, into: Mapping[str, list[Row]]) -> None:
        """Add a copy's rows to those of each table."""
        identity = self._take("case_record")
        uid = str(uuid.UUID(int=self._draw.getrandbits(128)))
        photos = self._photos(mould, uid, into) if identity % _WITH_PHOTOS == 0 else []
        into["case_record"].append(
            mould.case | self._placed() | {"id": identity, "uid": uid, "photos": json.dumps(photos)}
        )
        is_told = mould.is_open or identity % _WITH_HISTORY == 0
        for name, rows in mould.children.items():
            if is_told or name not in _HISTORY:
                own = ({"id": self._take(name), "client_ref": None} if name == "case_event" else {} for _ in rows)
                into[name].extend(row | {"case_id": identity} | its for row, its in zip(rows, own, strict=True))
        self._beside(mould, identity, into)

    def _beside(self, mould: _Mould, identity: int, into: Mapping[str, list[Row]]) -> None:
        at = mould.case["last_event_at"]
        if identity % _WITH_NUMBER == 0:
            number = {"system": "bench", "number": f"{identity * 7919:012}", "case_id": identity, "digest": None}
            into["case_reference"].append(number)
        if identity % _REPEATS == 0 and identity > self._first:
            earlier = self._draw.randrange(self._first, identity)
            seen = {"case_id": identity, "earlier_id": earlier, "unit": mould.case["unit"], "distance_m": 12.5}
            told = {"found_at": at, "state": "found", "reviewed_by": None, "reviewed_at": None, "reason": None}
            into["recurrence"].append(seen | told)
        if identity % _WITH_NEWS == 0:
            self._news(identity, at, into)

    def _news(self, identity: int, at: str, into: Mapping[str, list[Row]]) -> None:
        notice = self._take("notice")
        told = {"case_id": identity, "seq": 0, "kind": "overdue", "stage": "handle", "at": at, "role": "dispatcher"}
        held = {"id": notice, "key": f"bench:{notice}", "unit": None, "subject": None, "noted_at": at}
        into["notice"].append(held | told)
        for person in self._draw.sample(self._people, 3):
            copy = {"notice_id": notice, "person_id": person, "role": "dispatcher", "why": "duty", "kind": "overdue"}
            into["notice_copy"].append(copy | {"at": at, "noted_at": at, "read_at": at, "mail_id": None})

    def _photos(self, mould: _Mould, uid: str, into: Mapping[str, list[Row]]) -> list[Row]:
        shown = {photo["id"]: photo for photo in json.loads(mould.case["photos"])}
        found = []
        for row in mould.attachments:
            own = str(uuid.UUID(int=self._draw.getrandbits(128)))
            into["attachment"].append(row | {"id": own, "client_ref": None, "case_uid": uid})
            if row["id"] in shown:
                found.append(shown[row["id"]] | {"id": own})
        return found

    def _placed(self) -> Row:
        cell, lon, lat = self._draw.choice(self._cells)
        location = {"cell": cell, "how": "inside", "distance_m": 0.0, "candidates": []}
        layers = {"community": [cell[:12]], "street": [cell[:9]], "district": [cell[:6]]}
        return {
            "lon_e7": lon + self._draw.randint(-300, 300),
            "lat_e7": lat + self._draw.randint(-300, 300),
            "area": cell,
            "location": json.dumps(location, sort_keys=True),
            "layers": json.dumps(layers, sort_keys=True),
            "address": f"{self._draw.choice(_ROADS)}{self._draw.randint(1, 400)}号",
        }

    def upcoming(self) -> dict[str, int]:
        """Return the next identity of each table that counts."""
        return dict(self._next)

    def skip(self, steps: Mapping[str, int]) -> None:
        """Leave out identities that somebody else fills."""
        for name, step in steps.items():
            self._next[name] += step

    def _take(self, table: str) -> int:
        taken = self._next[table]
        self._next[table] = taken + 1
        return taken


#: Tables whose identities are counted.
_COUNTED = ("case_record", "case_event", "notice")


def _mould(case: Row, tables: Mapping[str, list[Row]]) -> _Mould:
    children = {name: [row for row in tables[name] if row["case_id"] == case["id"]] for name in _CHILDREN}
    attachments = [row for row in tables["attachment"] if row["case_uid"] == case["uid"]]
    return _Mould(case=case, children=children, attachments=attachments)


def _cells(target: City) -> list[tuple[str, int, int]]:
    """Return the unit cells of the sample city with a point inside."""
    settings = replace(target.settings, database_url=f"sqlite:///{target.folder / 'seed.sqlite'}")
    rt = create_app(settings, clock=SetClock(NOW)).extensions[EXTENSION]
    cells = [one for (layer, _), one in rt.reference().features.items() if layer == UNIT_LAYER]
    rt.database.engine.dispose()
    inside = [(cell.code, to_shape(cell.geometry).representative_point()) for cell in cells]
    return [(code, round(point.x), round(point.y)) for code, point in inside]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Rows to be copied once more by the database.

    Parameters
    ----------
    first, last
        By table the identities that are copied; both among them.
    onward
        By table what is added to an identity.
    turn
        Tells the copies apart.
    """

    cases: int
    first: Mapping[str, int]
    last: Mapping[str, int]
    onward: Mapping[str, int]
    turn: int

    def selected(self, table: str) -> tuple[list[str], str]:
        """Return the columns of a table, and the statement that selects what is put into them."""
        key, counted, changes = _KEYS[table]
        columns = [column.name for column in schema.metadata().tables[table].columns if column.name != "txn"]
        values = [changes.get(name, name).format(turn=self.turn, **_onward(self.onward)) for name in columns]
        between = f"{key} BETWEEN {self.first[counted]} AND {self.last[counted]}"
        return columns, f"SELECT {', '.join(values)} FROM {table} WHERE {between}"  # noqa: S608 - our own tables


def _onward(steps: Mapping[str, int]) -> dict[str, int]:
    return {name.removeprefix("case_"): step for name, step in steps.items()}


#: By table: the column that says which rows, whose identities it holds, and what a copy has instead.
_OF_CASE = {"case_id": "case_id + {record}"}
_UID = "'{turn:08}' || substr({{name}}, 9)"
_KEYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "case_record": (
        "id",
        "case_record",
        {
            "id": "id + {record}",
            "uid": _UID.replace("{{name}}", "uid"),
            "lon_e7": "lon_e7 + {turn} * 7 - 100",
            "lat_e7": "lat_e7 + {turn} * 5 - 70",
        },
    ),
    "case_event": ("id", "case_event", {"id": "id + {event}", **_OF_CASE}),
    "case_event_payload": ("case_id", "case_record", _OF_CASE),
    "assignment": ("case_id", "case_record", _OF_CASE),
    "task": ("case_id", "case_record", _OF_CASE),
    "recurrence": ("case_id", "case_record", _OF_CASE | {"earlier_id": "earlier_id + {record}"}),
    "case_reference": ("case_id", "case_record", _OF_CASE | {"system": "'bench{turn}'"}),
    "attachment": (
        "(SELECT id FROM case_record WHERE uid = case_uid)",
        "case_record",
        {"id": _UID.replace("{{name}}", "id"), "case_uid": _UID.replace("{{name}}", "case_uid")},
    ),
    "notice": ("id", "notice", {"id": "id + {notice}", "key": "'bench{turn}:' || id", **_OF_CASE}),
    "notice_copy": ("notice_id", "notice", {"notice_id": "notice_id + {notice}"}),
}


def _batches(copies: Copies, size: Size) -> Iterator[dict[str, list[Row]] | Again]:
    """Yield the rows of all copies by table, some thousand cases at a time, and what the database is to copy."""
    first, once = copies.upcoming(), min(size.closed, _ONCE)
    yield from _held(copies, _closed(copies, size, once))
    onward = {name: after - first[name] for name, after in copies.upcoming().items()}
    for turn in range(1, size.closed // once):
        last = {name: first[name] + step - 1 for name, step in onward.items()}
        steps = {name: step * turn for name, step in onward.items()}
        yield Again(cases=once, first=first, last=last, onward=steps, turn=turn)
        copies.skip(onward)
    yield from _held(copies, _open(copies, size))


def _held(copies: Copies, moulds: Iterable[_Mould]) -> Iterator[dict[str, list[Row]]]:
    held: dict[str, list[Row]] = {name: [] for name in ("case_record", *_CHILDREN, *_MADE)}
    for mould in moulds:
        copies.copy(mould, held)
        if len(held["case_record"]) >= _BATCH:
            yield held
            held = {name: [] for name in held}
    yield held


def _closed(copies: Copies, size: Size, count: int) -> Iterator[_Mould]:
    """Yield moulds of closed cases in the order of their weeks."""
    weeks = range(4 - size.days // 7, 5)
    draw = random.Random(size.days)
    made = 0
    for number, week in enumerate(weeks, start=1):
        upto = count * number // len(weeks)
        ended = [one for one in copies.closed if one.last_day() + timedelta(weeks=week) < NOW.date()]
        moulds = [one.moved(7 * week) for one in draw.sample(ended, min(len(ended), _MOULDS, upto - made))]
        for place in range(upto - made):
            yield moulds[place % len(moulds)]
        made = upto


def _open(copies: Copies, size: Size) -> Iterator[_Mould]:
    moulds = [one.moved(-days) for days in range(3) for one in copies.open]
    for place in range(size.open):
        yield moulds[place % len(moulds)]


_INSERT_PAIRS = "INSERT INTO case_search (rowid, grams) VALUES (?, ?)"


class _SqliteWriter:
    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-800000", "foreign_keys=OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._aside: list[tuple[str, str, str]] = []
        #: The index of a search cannot be read back.
        self._written: list[tuple[int, str]] = []

    def begin(self) -> None:
        """Set the indexes aside, and the trigger that keeps the pairs of a search: it takes most of the time."""
        asked = "SELECT type, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        self._aside = self._connection.execute(f"{asked} OR name = 'case_search_new'").fetchall()
        for kind, name, _ in self._aside:
            self._connection.execute(f'DROP {kind} "{name}"')

    def write(self, tables: Mapping[str, list[Row]]) -> None:
        self._connection.execute("BEGIN")
        for name, rows in tables.items():
            if rows:
                columns = list(rows[0])
                held = ", ".join(f'"{column}"' for column in columns)
                marks = ", ".join("?" * len(columns))
                statement = f'INSERT OR REPLACE INTO "{name}" ({held}) VALUES ({marks})'  # noqa: S608 - our own tables
                self._connection.executemany(statement, (tuple(row.values()) for row in rows))
        if self._aside:
            pairs = [(row["id"], _pairs(row)) for row in tables["case_record"]]
            self._connection.executemany(_INSERT_PAIRS, pairs)
            self._written += pairs
        self._connection.execute("COMMIT")

    def again(self, asked: Again) -> None:
        self._connection.execute("BEGIN")
        for table in _KEYS:
            columns, selected = asked.selected(table)
            self._connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) {selected}")
        onward = asked.onward["case_record"]
        known = ((identity + onward, pairs) for identity, pairs in self._written)
        self._connection.executemany(_INSERT_PAIRS, known)
        self._connection.execute("COMMIT")

    def finish(self) -> None:
        for _, _, statement in self._aside:
            self._connection.execute(statement)
        self._connection.execute("PRAGMA journal_mode=WAL")

    def close(self) -> None:
        self._connection.close()


def _pairs(row: Row) -> str:
    """Return the pairs of neighbouring characters of a case's texts, as the trigger writes them."""
    words = "\n".join(row[name] or "" for name in ("address", "place", "description")).lower()
    return " ".join(_hex(words[place : place + 2]) for place in range(len(words) - 1))


@cache
def _hex(pair: str) -> str:
    return pair.encode().hex().upper()


def _sqlite_writer(database: Database) -> _SqliteWriter:
    # Its connections would see a log of changes that is switched off meanwhile.
    database.engine.dispose()
    return _SqliteWriter(database)


class _PostgresqlWriter:
    """Copies rows in, with triggers off: what they keep, the pairs of a search, is filled in at the end."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(plain_address(make_url(url)), autocommit=True)
        for setting in ("synchronous_commit = off", "timezone = 'UTC'", "session_replication_role = replica"):
            self._connection.execute(f"SET {setting}")
        self._indexes: list[tuple[str, str]] = []

    def begin(self) -> None:
        asked = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN "
            "(SELECT conindid::regclass::text FROM pg_constraint WHERE conindid <> 0)"
        )
        self._indexes = self._connection.execute(asked).fetchall()
        for name, _ in self._indexes:
            self._connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))

    def write(self, tables: Mapping[str, list[Row]]) -> None:
        with self._connection.transaction():
            for name, rows in tables.items():
                # What the migrations themselves have put there.
                if name in ("alembic_version", "feed_cursor") or not rows:
                    continue
                self._copy(name, rows)

    def _copy(self, name: str, rows: Iterable[Row]) -> None:
        # The writing transaction is PostgreSQL's own to fill in.
        columns = [column for column in next(iter(rows)) if column != "txn"]
        held = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), held)
        with self._connection.cursor().copy(statement) as copying:
            for row in rows:
                copying.write_row([row[column] for column in columns])

    def again(self, asked: Again) -> None:
        with self._connection.transaction():
            for table in _KEYS:
                columns, selected = asked.selected(table)
                held = sql.SQL(", ").join(map(sql.Identifier, columns))
                statement = sql.SQL("INSERT INTO {} ({}) ").format(sql.Identifier(table), held)
                self._connection.execute(statement + sql.SQL(selected))

    def finish(self) -> None:
        last = self._connection.execute("SELECT max(id) FROM case_record").fetchone()
        for after in range(0, last[0] if last else 0, 20_000):
            self._connection.execute(
                "INSERT INTO case_search (case_id, grams) SELECT id, case_grams(address, place, description) "
                "FROM case_record WHERE id > %s AND id <= %s ON CONFLICT DO NOTHING",
                [after, after + 20_000],
            )
        self._connection.execute("SET maintenance_work_mem = '512MB'")
        for _, statement in self._indexes:
            self._connection.execute(statement)
        for table in schema.metadata().sorted_tables:
            if "id" in table.columns and table.columns["id"].type.python_type is int:
                self._count_on(table.name)
        # As the server itself does sooner or later.
        self._connection.execute("VACUUM ANALYZE")

    def _count_on(self, table: str) -> None:
        named = sql.Literal(table)
        self._connection.execute(
            sql.SQL(
                "SELECT setval(s, (SELECT coalesce(max(id), 0) + 1 FROM {}), false) FROM "
                "(SELECT pg_get_serial_sequence({}, 'id') AS s) AS found WHERE s IS NOT NULL"
            ).format(sql.Identifier(table), named)
        )

    def close(self) -> None:
        self._connection.close()
