"""A network that fails: a proxy before the office that is down, or loses replies after the office has acted on them."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NOT_FORWARDED = {"connection", "transfer-encoding", "keep-alive"}


@dataclass
class FaultyNetwork:
    """What stands between a phone and the office.

    Parameters
    ----------
    is_down
        Nothing gets through in either direction.
    refuse
        By method and beginning of the path, the status that a page of the proxy's own has in the office's place.
    lose
        For each reply still to be lost, the request whose reply it is: method and beginning of the path.
    answered
        Method and path of every request that the office answered, lost replies included.
    lost
        Those whose reply was lost.
    """

    address: str = ""
    is_down: bool = False
    refuse: dict[tuple[str, str], int] = field(default_factory=dict)
    lose: list[tuple[str, str]] = field(default_factory=list)
    answered: list[tuple[str, str]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)

    def count(self, method: str, path: str) -> int:
        """Count the answered requests to a path."""
        return sum(one == (method, path) for one in self.answered)

    def refuses(self, method: str, path: str) -> int:
        """Return the status with which this request is refused; 0 where it goes through."""
        found = (status for (verb, start), status in self.refuse.items() if verb == method and path.startswith(start))
        return next(found, 0)

    def takes(self, method: str, path: str) -> bool:
        """Tell whether the reply to this request is to be lost, once for each entry."""
        for entry in self.lose:
            if entry[0] == method and path.startswith(entry[1]):
                self.lose.remove(entry)
                self.lost.append((method, path))
                return True
        return False


@contextmanager
def faulty_network(office: str) -> Iterator[FaultyNetwork]:
    """Stand before an office: gives a network with an address of its own."""
    network = FaultyNetwork()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(network, urlsplit(office).netloc))
    server.daemon_threads = True
    network.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield network
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(network: FaultyNetwork, office: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if network.is_down:
                return self.hang_up()
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.split("?")[0]
            if refused := network.refuses(self.command, path):
                return self.send_error(refused)
            status, headers, body = _ask(office, self.command, self.path, sent, dict(self.headers.items()))
            network.answered.append((self.command, path))
            # Also what was on its way when the network went down never arrives.
            if network.is_down or network.takes(self.command, path):
                return self.hang_up()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            return None

        do_GET = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815 - the names that http.server asks for

        def hang_up(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _ask(
    office: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection(office, timeout=60)
    try:
        connection.request(method, path, body or None, headers)
        reply = connection.getresponse()
        data = reply.read()
        kept = [(name, value) for name, value in reply.getheaders() if name.lower() not in _NOT_FORWARDED]
        return reply.status, kept, data
    finally:
        connection.close()
