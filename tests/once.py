"""What every application would make anew and always alike, made once for all applications of a process.

Tests make an application each, some two thousand in a whole run. Half of the time went into compiling templates,
statements and routes, and into reading the shipped catalogue; nothing of it depends on what a test does.
"""

import marshal
from collections.abc import Callable
from typing import Any

import flask
import jinja2
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine
from werkzeug.routing import Rule

from gridcase import app
from gridcase.services.steps import reference
from gridcase.store.database import Database


def make_once(patch: pytest.MonkeyPatch) -> None:
    """Make templates, routes, statements and the catalogue once: an office of a test costs a third of the time."""
    statements = Statements()
    patch.setattr(flask.Flask, "jinja_options", {"bytecode_cache": Templates()})
    patch.setattr(Rule, "_compile_builder", kept(Rule._compile_builder, _of_route))
    patch.setattr(reference, "parse_catalogue", kept(reference.parse_catalogue, _of_documents))
    patch.setattr(app, "Database", lambda engine: _unforced(Database(statements.known_to(engine))))


def _unforced(database: Database) -> Database:
    """Let SQLite leave writing to the system: each commit waited some 4 ms for the disk, and no test pulls the plug."""
    if database.is_sqlite:
        # After the database's own listener, which asks for the contrary.
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return database


def kept(make: Callable[..., Any], key: Callable[..., object]) -> Callable[..., Any]:
    """Keep what a function made of its arguments; a mistake is raised each time."""
    made: dict[object, Any] = {}

    def ask(*given: Any) -> Any:
        asked = key(*given)
        if asked not in made:
            made[asked] = make(*given)
        return made[asked]

    return ask


def _of_route(rule: Rule, append_unknown: bool = True) -> object:
    """Return what the function that writes addresses depends on; it is bound to a rule afterwards."""
    return rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown


def _of_documents(documents: Any) -> object:
    return tuple((one.kind, one.name, marshal.dumps(one.body, 2)) for one in documents)


class Templates(jinja2.BytecodeCache):
    """Compiled templates by name and text."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Take what another application compiled."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep what this application compiled."""
        self._known[bucket.key, bucket.checksum] = bucket.code


class Statements:
    """Compiled statements by kind of database; SQLAlchemy keeps them by dialect, so engines of a kind share theirs."""

    def __init__(self) -> None:
        self._dialects: dict[str, Dialect] = {}
        self._compiled: dict[Any, Any] = {}

    def known_to(self, engine: Engine) -> Engine:
        """Let an engine use what engines of its kind compiled; the first one that connects gives its dialect."""
        kind = engine.dialect.name
        if kind in self._dialects:
            engine.dialect = self._dialects[kind]
        else:
            own = engine.dialect
            # After the dialect's own listener, which asks the server for its version.
            event.listen(engine, "connect", lambda *_: self._dialects.setdefault(kind, own))
        engine.update_execution_options(compiled_cache=self._compiled)
        return engine
