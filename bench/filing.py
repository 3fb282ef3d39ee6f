"""Filing a case over HTTP, as a ratio to the floor of the same round.

Eight clients file distinct cases with log-in check, idempotency key and automatic dispatch at gunicorn with two
workers; the floor (``bench.floor``) answers the same bodies at the same kind of server on the same database. Floor,
filing and filing with a photo alternate within every round; ratios are taken inside the round, then their median.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import floor
from bench.databases import Kind, durability, fresh_database, server_process
from bench.load import Client, Job, Outcome, drive
from bench.office import CLIENTS, FILING_PATH, Office, furnished
from bench.servers import THREADS, WORKERS, Server, cpu_seconds, serving
from bench.timing import spread
from gridcase.edge.metrics import prepare_metrics

#: Most requests of one client in one turn, and with photos, which are uploaded beforehand.
_MOST, _MOST_PHOTOS = 4000, 60
_WARM_UP = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to measure on which database."""

    kind: Kind
    seconds: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn of one contestant showed; processor times in milliseconds a request."""

    outcome: Outcome
    app_ms: float
    database_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contestant:
    name: str
    server: Server
    path: str
    clients: Callable[[int, int], tuple[Client, ...]]
    most: int = _MOST


def run(plan: Plan) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridcase-bench-")))
        url = stack.enter_context(fresh_database(plan.kind, folder))
        office = furnished(url, folder)
        stack.callback(office.rt.database.engine.dispose)
        floor.prepare(url)
        print(f"\nfiling over HTTP · {plan.kind} ({durability(url)})")
        print(f"{CLIENTS} clients, gunicorn {WORKERS} workers × {THREADS} threads, {plan.seconds:g} s a turn")
        for with_photo in (False, True):
            count = len(office.statements(with_photo=with_photo))
            print(f"statements of one filing {'with' if with_photo else 'without'} a photo: {count}")
        # As deployed: the workers add their counts up in a common folder.
        environment = office.environment | prepare_metrics(office.rt.settings, 0)
        ours = stack.enter_context(serving("gridcase.wsgi:application", environment, folder / "ours.log"))
        bare = stack.enter_context(serving("bench.floor:application()", environment, folder / "floor.log"))
        _rounds(plan, _contestants(office, ours, bare), server_process(url))


def _contestants(office: Office, ours: Server, bare: Server) -> tuple[_Contestant, ...]:
    def plain(seed: int, each: int) -> tuple[Client, ...]:
        return office.clients(ours.port, each, seed=seed)

    def photo(seed: int, each: int) -> tuple[Client, ...]:
        return office.clients(ours.port, each, seed=seed, with_photo=True)

    return (
        _Contestant(name="floor", server=bare, path="/floor", clients=plain),
        _Contestant(name="filing", server=ours, path=FILING_PATH, clients=plain),
        _Contestant(name="with photo", server=ours, path=FILING_PATH, clients=photo, most=_MOST_PHOTOS),
    )


def _rounds(plan: Plan, contestants: tuple[_Contestant, ...], database: int | None) -> None:
    for seed, one in enumerate(contestants):
        drive(Job(port=one.server.port, path=one.path, clients=one.clients(seed, _WARM_UP), seconds=plan.seconds))
    print("CPU: milliseconds a request, of gunicorn's processes and of the database server's")
    print("round              req/s  p50 ms  p99 ms errors  CPU app  CPU db ratio")
    ratios: dict[str, list[tuple[float, float]]] = {}
    for number in range(1, plan.rounds + 1):
        turns = {one.name: _turn(one, plan, number, database) for one in contestants}
        for name, turn in turns.items():
            ratio = turns["floor"].outcome.per_second / turn.outcome.per_second
            cpu = (turn.app_ms + turn.database_ms) / (turns["floor"].app_ms + turns["floor"].database_ms)
            ratios.setdefault(name, []).append((ratio, cpu))
            _print_turn(number, name, turn, f"1 : {ratio:.2f}")
    for name in list(ratios)[1:]:
        rates, cpus = [ratio for ratio, _ in ratios[name]], [cpu for _, cpu in ratios[name]]
        print(f"{name}: the floor answers {spread(rates)} times as many; the CPU is {spread(cpus)} times the floor's")


def _turn(one: _Contestant, plan: Plan, number: int, database: int | None) -> Turn:
    each = min(one.most, int(150 * plan.seconds))
    job = Job(port=one.server.port, path=one.path, clients=one.clients(1000 * number, each), seconds=plan.seconds)
    app_before, database_before = cpu_seconds(one.server.process), cpu_seconds(database)
    outcome = drive(job)
    requests = len(outcome.latencies)
    return Turn(
        outcome=outcome,
        app_ms=(cpu_seconds(one.server.process) - app_before) * 1000 / requests,
        database_ms=(cpu_seconds(database) - database_before) * 1000 / requests,
    )


def _print_turn(number: int, name: str, turn: Turn, ratio: str) -> None:
    done = turn.outcome
    print(
        f"{number:>5} {name:10} {done.per_second:7.1f} {done.percentile_ms(0.5):7.1f} {done.percentile_ms(0.99):7.1f}"
        f" {done.errors:6} {turn.app_ms:8.2f} {turn.database_ms:7.2f} {ratio}",
        flush=True,
    )
