"""The pages of the console beside themselves: the same city with ten thousand and with a million closed cases.

Both have the same open cases, people and grid. Signed-in people ask for each page in turn, a city of one size after the
other, in rounds; ratios are taken inside the round. Processor time is that of this process and of the connections'
processes of the server, so that what else the machine does counts for little. Beside the ratio stands how many
statements a page took: the same in both, or it says so.
"""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url

from bench import years
from bench.databases import POSTGRESQL_VARIABLE, Kind, plain_address
from bench.timing import spread
from bench.years import NOW, City, Size, city
from gridcase.app import create_app
from gridcase.domain.time import SetClock
from gridcase.edge.runtime import EXTENSION
from gridcase.store.cases import CaseRow

#: A page of a city with a long history may take so many times as long as with a short one (issue 6).
ALLOWED = 1.3
_WARM_UP, _EACH = 2, 3
_OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure.

    Parameters
    ----------
    closed
        Closed cases of the two cities.
    folder
        Keeps what was built, for the next run; None builds it in a folder that is removed.
    """

    kind: Kind
    closed: tuple[int, int]
    open: int
    days: int
    rounds: int
    folder: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as one person asks for it; ``{open}`` and the like stand for numbers of cases of that city."""

    name: str
    who: str
    path: str


PAGES = (
    Page(name="queue", who="dispatcher", path="/queue"),
    Page(name="queue, overdue", who="dispatcher", path="/queue?view=overdue"),
    Page(name="queue, two characters", who="dispatcher", path="/queue?q=人民"),
    Page(name="queue, a number", who="dispatcher", path="/queue?q={begun}"),
    Page(name="queue, their number", who="dispatcher", path="/queue?q={theirs}"),
    Page(name="queue, all states, words", who="dispatcher", path="/queue?q=青果巷&state=closed&state=handling"),
    Page(name="queue of a unit", who="unit_leader", path="/queue"),
    Page(name="queue of an area", who="inspector", path="/queue"),
    Page(name="open case", who="dispatcher", path="/cases/{open}"),
    Page(name="closed case", who="shift_leader", path="/cases/{closed}"),
    Page(name="case of a unit", who="unit_leader", path="/cases/{of_unit}"),
    Page(name="map", who="dispatcher", path="/map"),
    Page(name="map of a unit", who="unit_leader", path="/map"),
    Page(name="map, list", who="dispatcher", path="/map/list"),
    Page(name="map, points", who="dispatcher", path="/map/points"),
    Page(name="map, heat of 7 days", who="dispatcher", path="/map/heat?days=7"),
    Page(name="map, heat of 30 days", who="leader", path="/map/heat?days=30"),
    Page(name="map, heat of 90 days", who="leader", path="/map/heat?days=90"),
    Page(name="map, a case", who="dispatcher", path="/map/cases/{open}"),
    Page(name="map, a cell", who="dispatcher", path="/map/cells/{cell}"),
    Page(name="unit", who="unit_leader", path="/unit"),
    Page(name="dashboard", who="leader", path="/dashboard"),
    Page(name="notices", who="dispatcher", path="/notices"),
    Page(name="anomalies", who="shift_leader", path="/anomalies"),
    Page(name="API, list", who="dispatcher", path="/api/v1/cases"),
    Page(name="API, due first", who="unit_leader", path="/api/v1/cases?order=due&overdue=true"),
    Page(name="API, nearby", who="inspector", path="/api/v1/cases/nearby?{near}"),
    Page(name="API, first sync", who="inspector", path="/api/v1/sync"),
    Page(name="public overview", who="", path="/"),
)


def run(plan: Plan) -> None:
    """Build what is missing, measure and print."""
    with ExitStack() as stack:
        server = os.environ.get(POSTGRESQL_VARIABLE) if plan.kind is Kind.POSTGRESQL else None
        folder = plan.folder
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridcase-bench-")))
            stack.callback(years.remove, folder, server)
        sizes = [Size(closed=closed, open=plan.open, days=plan.days) for closed in plan.closed]
        sides = [stack.enter_context(_opened(city(plan.kind, size, folder, server))) for size in sizes]
        print(f"\nconsole · {plan.kind}, {plan.closed[0]:,} and {plan.closed[1]:,} closed cases, {plan.open:,} open")
        print(f"{plan.rounds} rounds; CPU milliseconds a request, and ratios of the large city to the small one")
        print(f"{'page':26} {'CPU small':>9} {'CPU large':>9} {'ratio of CPU':>20} {'by the clock':>20} statements")
        with redirect_stderr(io.StringIO()):
            for page in PAGES:
                print(_line(page, sides, plan.rounds), flush=True)


class Side:
    """A city behind an application of this process, with its people signed in."""

    def __init__(self, app: Flask, of: City, numbers: Mapping[str, str], backends: "_Backends") -> None:
        self.app, self.numbers, self._city, self._backends = app, numbers, of, backends
        self._clients: dict[str, FlaskClient] = {}
        self.statements: list[str] = []

    def ask(self, page: Page) -> "Cost":
        """Ask for a page once and say what it cost."""
        client, path = self.client(page.who), page.path.format(**self.numbers)
        self.statements.clear()
        backend, cpu, clock = self._backends.seconds(), time.process_time(), time.perf_counter()
        answer = client.get(path, headers={"Accept": "text/html"} if not path.startswith("/api") else {})
        clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
        cpu += self._backends.seconds() - backend
        count = sum(not one.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for one in self.statements)
        return Cost(status=answer.status_code, cpu_ms=1000 * cpu, clock_ms=1000 * clock, statements=count)

    def knows(self, who: str) -> bool:
        """Tell whether there is an account of this name."""
        return who in self._city.passwords()

    def client(self, who: str) -> FlaskClient:
        """Return a browser in which a person is signed in; of nobody without a name."""
        if who not in self._clients:
            client = self._clients[who] = self.app.test_client()
            form = {"username": who, "password": self._city.passwords().get(who, "")}
            if who and client.post("/login", data=form, headers=_OWN_SITE).status_code != HTTPStatus.SEE_OTHER:
                raise RuntimeError(f"{who} cannot sign in")
        return self._clients[who]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one request took."""

    status: int
    cpu_ms: float
    clock_ms: float
    statements: int


class _Backends:
    """The server's processes of one database; SQLite has none of its own."""

    def __init__(self, url: str) -> None:
        self._connection = None
        if make_url(url).get_backend_name() == "postgresql":
            self._connection = psycopg.connect(plain_address(make_url(url)), autocommit=True)

    def seconds(self) -> float:
        """Return the processor time of the other connections so far."""
        if self._connection is None:
            return 0.0
        rows = self._connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return sum(_process_seconds(row[0]) for row in rows)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _process_seconds(process: int) -> float:
    """Return a process's time on a processor; 0 where the machine does not tell, or it has ended."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


@contextmanager
def _opened(of: City) -> Iterator[Side]:
    settings = replace(of.settings, public_overview=True)
    app = create_app(settings, clock=SetClock(NOW))
    engine = app.extensions[EXTENSION].database.engine
    backends = _Backends(of.url)
    side = Side(app, of, _numbers(app), backends)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        side.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield side
    finally:
        backends.close()
        engine.dispose()


def _numbers(app: Flask) -> dict[str, str]:
    """Return numbers of cases to ask for: the newest of each kind, so that both cities answer about the same mould."""
    rt = app.extensions[EXTENSION]
    newest = select(CaseRow).order_by(CaseRow.id.desc()).limit(1)
    with rt.database.reading() as tx:
        is_open = tx.execute(newest.where(CaseRow.state == "handling")).scalar_one()
        of_unit = tx.execute(newest.where(CaseRow.state == "handling", CaseRow.unit == "NDJ-ZF")).scalar_one()
        closed = tx.execute(newest.where(CaseRow.state == "closed", func.mod(CaseRow.id, 20) == 0)).scalar_one()
    place = f"lon={is_open.lon_e7 / 1e7}&lat={is_open.lat_e7 / 1e7}&type={is_open.scheme}/{is_open.kind}/{is_open.code}"
    return {
        "open": is_open.number,
        "begun": is_open.number[:-1],
        "of_unit": of_unit.number,
        "closed": closed.number,
        "cell": is_open.area or "",
        "theirs": f"{closed.id * 7919:012}"[:9],
        "near": place + "&radius_m=200",
    }


def _line(page: Page, sides: Sequence[Side], rounds: int) -> str:
    if page.who and not all(side.knows(page.who) for side in sides):
        return f"{page.name:26} nobody is {page.who}"
    first = [side.ask(page) for side in sides]
    if {one.status for one in first} != {HTTPStatus.OK}:
        return f"{page.name:26} answers {', '.join(str(one.status) for one in first)}"
    for side in sides:
        for _ in range(_WARM_UP):
            side.ask(page)
    costs = [_round(page, sides) for _ in range(rounds)]
    small, large = (statistics.median(one[side].cpu_ms for one in costs) for side in range(2))
    cpu, clock = ([getattr(one[1], name) / getattr(one[0], name) for one in costs] for name in ("cpu_ms", "clock_ms"))
    counts = {one.statements for found in costs for one in found}
    told = str(counts.pop()) if len(counts) == 1 else "DIFFERENT " + ", ".join(map(str, sorted(counts)))
    verdict = "" if statistics.median(cpu) <= ALLOWED else f"  above {ALLOWED}"
    return f"{page.name:26} {small:9.1f} {large:9.1f} {spread(cpu):>20} {spread(clock):>20} {told:>10}{verdict}"


def _round(page: Page, sides: Sequence[Side]) -> list[Cost]:
    """Ask for a page in turns, and return the median cost of each side."""
    asked: list[list[Cost]] = [[] for _ in sides]
    for _ in range(_EACH):
        for found, side in zip(asked, sides, strict=True):
            found.append(side.ask(page))
    return [_median(found) for found in asked]


def _median(costs: Sequence[Cost]) -> Cost:
    def middle(name: str) -> Any:
        return statistics.median(getattr(one, name) for one in costs)

    counts = [one.statements for one in costs]
    return Cost(status=costs[0].status, cpu_ms=middle("cpu_ms"), clock_ms=middle("clock_ms"), statements=max(counts))
