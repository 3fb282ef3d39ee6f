"""The floor: the least a Flask view can do to keep what it was sent, one INSERT and one COMMIT.

The same engine settings and pragmas as gridcase's own; no validation, history, routing or permissions. Not a
competitor, but what one durable insert costs on this machine. Served as ``bench.floor:application()``.
"""

import os
import uuid
from typing import Any

from flask import Flask, Response, jsonify, request
from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text, insert

from bench.databases import opened
from gridcase.domain.time import SystemClock
from gridcase.store.database import UtcDateTime

URL_VARIABLE = "GRIDCASE_DATABASE_URL"

METADATA = MetaData()
FLOOR = Table(
    "bench_floor",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uid", String(36), unique=True, nullable=False),
    Column("state", String(12), nullable=False),
    Column("code", String(10), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("description", Text),
    Column("filed_at", UtcDateTime, nullable=False, index=True),
    Index("ix_bench_floor_state_filed", "state", "filed_at"),
)


def prepare(url: str) -> None:
    """Make the floor's table."""
    METADATA.create_all(opened(url).engine)


def application() -> Flask:
    """Make the application for the server."""
    app = Flask("floor", static_folder=None)
    engine = opened(os.environ[URL_VARIABLE]).engine
    writing = engine.execution_options(gridcase_write=True)
    clock = SystemClock()

    @app.post("/floor")
    def keep() -> tuple[Response, int]:
        asked: dict[str, Any] = request.get_json()
        values = {
            "uid": str(uuid.uuid4()),
            "state": "received",
            "code": asked["type"]["code"],
            "lon": asked["location"]["lon"],
            "lat": asked["location"]["lat"],
            "description": asked["description"],
            "filed_at": clock.now(),
        }
        with writing.begin() as connection:
            identity = connection.execute(insert(FLOOR).returning(FLOOR.c.id), values).scalar_one()
        return jsonify(id=identity, uid=values["uid"]), 201

    return app
