"""The load: clients with one kept connection each, in a process of their own, bounded by count and time.

Requests are written to the socket by hand and of an answer only status, length and end are read: a client library costs
more than the floor it would measure. Loopback only.
"""

import json
import multiprocessing
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What one client sends, in turn, each body once; ``headers`` go with every request."""

    headers: dict[str, str]
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One turn: every client sends one request after the other until its bodies or the seconds are used up."""

    port: int
    path: str
    clients: tuple[Client, ...]
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What came of a turn; latencies in seconds, errors are answers other than 201."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def per_second(self) -> float:
        """Requests answered well, a second."""
        return (len(self.latencies) - self.errors) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Return the latency that this share of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def drive(job: Job) -> Outcome:
    """Carry a turn out in a fresh process and wait for it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_drive, job).result(timeout=job.seconds + 60)


def post(port: int, path: str, body: object, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send one JSON request on a connection of its own; for preparing, not for measuring."""
    with _Connection(port) as connection:
        return connection.send(_request(path, headers, json.dumps(body).encode()))


def _drive(job: Job) -> Outcome:
    done = [Outcome() for _ in job.clients]
    begin = threading.Barrier(len(job.clients) + 1)
    threads = [
        threading.Thread(target=_client, args=(job, client, begin, outcome))
        for client, outcome in zip(job.clients, done, strict=True)
    ]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return Outcome(
        seconds=time.perf_counter() - started,
        latencies=[latency for outcome in done for latency in outcome.latencies],
        errors=sum(outcome.errors for outcome in done),
    )


def _client(job: Job, client: Client, begin: threading.Barrier, outcome: Outcome) -> None:
    with _Connection(job.port) as connection:
        begin.wait()
        until = time.perf_counter() + job.seconds
        for request in _requests(job.path, client):
            sent = time.perf_counter()
            if sent >= until:
                return
            status, _ = connection.send(request)
            outcome.latencies.append(time.perf_counter() - sent)
            outcome.errors += status != HTTPStatus.CREATED


def _requests(path: str, client: Client) -> Iterator[bytes]:
    for body in client.bodies:
        yield _request(path, client.headers | {"Idempotency-Key": str(uuid.uuid4())}, body)


def _request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    given = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body))} | headers
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    return "\r\n".join(lines).encode() + body


class _Connection:
    """A kept connection; opened again when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body; 0 when the connection broke."""
        try:
            self._socket.sendall(request)
            head, rest = self._until_body()
        except OSError:
            self._socket.close()
            self._open()
            return 0, b""
        lowered = head.lower()
        length = int(lowered.partition(b"content-length:")[2].partition(b"\r")[0] or 0)
        while len(rest) < length:
            rest += self._socket.recv(65536)
        if b"connection: close" in lowered:
            self._socket.close()
            self._open()
        return int(head[9:12]), rest

    def _until_body(self) -> tuple[bytes, bytes]:
        held = b""
        while b"\r\n\r\n" not in held:
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError
            held += more
        head, _, rest = held.partition(b"\r\n\r\n")
        return head, rest
