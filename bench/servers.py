"""gunicorn as it is run for a city, on a free port of this machine, and the processor time its processes take."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WORKERS, THREADS = 2, 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers on ``127.0.0.1``."""

    port: int
    process: int


@contextmanager
def serving(application: str, environment: dict[str, str], log: Path) -> Iterator[Server]:
    """Serve a WSGI application until the end of the block.

    Raises
    ------
    RuntimeError
        When it does not answer within half a minute; its log is in the message.
    """
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", str(WORKERS), "--threads", str(THREADS)]
    command += ["-b", f"127.0.0.1:{port}", "--keep-alive", "30", "--log-level", "warning"]
    command += ["--no-control-socket", application]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)  # noqa: S603
        try:
            _wait(port, process, log)
            yield Server(port=port, process=process.pid)
        finally:
            if process.poll() is not None:
                print(f"{application} ended by itself ({process.returncode}):\n{_end_of(log)}", file=sys.stderr)
            process.terminate()
            process.wait(timeout=30)


def cpu_seconds(process: int | None) -> float:
    """Return the processor time of a process and its descendants so far, those that ended included."""
    if process is None:
        return 0.0
    parents = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    tree, waiting = [], [process]
    while waiting:
        parent = waiting.pop()
        tree.append(parent)
        waiting += [child for child, stat in parents.items() if stat and int(stat[1]) == parent]
    own = sum(sum(map(int, stat[11:13])) for one in tree if (stat := parents.get(one)))
    ended = parents.get(process)
    return (own + (sum(map(int, ended[13:15])) if ended else 0)) / _TICKS


def _stat(process: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` after the name, which may hold blanks; empty when it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(_end_of(log))


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
