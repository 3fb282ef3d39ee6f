"""The configuration in force, typed and ready: rules, catalogue, units, grid. Loaded once per version and day."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from gridcase.domain.place import GeoPoint
from gridcase.grid.codes import parents_told
from gridcase.grid.features import Feature, Part
from gridcase.grid.index import GridIndex
from gridcase.rules.calendars import parse_calendar
from gridcase.rules.catalogue import parse_catalogue
from gridcase.rules.conduct import parse_conduct
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.routing import parse_routing
from gridcase.rules.units import parse_units
from gridcase.settings import Settings
from gridcase.store.configuration import documents_in_force, newest_version
from gridcase.store.database import Tx
from gridcase.store.places import GridFeatureRow, features_in_force
from gridcase.workflow.routing import RoutingTable
from gridcase.workflow.rulebook import Rulebook

GRID_KIND = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Everything dated that decisions read.

    Parameters
    ----------
    version
        Newest configuration version it was made of.
    on
        Day it is in force for.
    digests
        SHA-256 by ``kind/name``, for seals.
    features
        Unit cells and features of other layers by (layer, code).
    """

    version: int
    on: date
    rules: Rulebook
    grid: GridIndex
    features: Mapping[tuple[str, str], Feature]
    digests: Mapping[str, str]

    def layers_of(self, point: GeoPoint, cell: str | None) -> dict[str, tuple[str, ...]]:
        """Return every layer feature at a point: those of the cell's code, and those of the drawn layers."""
        found = dict(parents_told(cell)) if cell else {}
        return found | dict(self.grid.layers_at(point))


def load_reference(tx: Tx, settings: Settings, on: date) -> Reference:
    """Load the newest version of everything."""
    version = newest_version(tx)
    rows = documents_in_force(tx)
    documents = [
        Document(kind=DocumentKind(row.kind), name=row.name, body=row.body) for row in rows if row.kind != GRID_KIND
    ]
    with _nothing_collected():
        features = [to_feature(row) for row in features_in_force(tx, on)]
    return Reference(
        version=version,
        on=on,
        rules=rulebook(documents, settings),
        grid=GridIndex(features, tolerance_m=settings.snap_tolerance_m),
        features={(feature.layer, feature.code): feature for feature in features},
        digests={f"{row.kind}/{row.name}": row.digest for row in rows},
    )


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from going through a million new tuples of a layer again and again, for nothing.

    Measured on four layers of 291,337 corners: 0.16 s instead of 0.58 s to 0.83 s.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def rulebook(documents: list[Document], settings: Settings) -> Rulebook:
    """Type the documents that decisions read.

    Raises
    ------
    RuleFileError
        When a document cannot be taken; documents in the database were checked before they were applied.
    """
    by_kind: dict[DocumentKind, list[Document]] = {kind: [] for kind in DocumentKind}
    for document in documents:
        by_kind[document.kind].append(document)
    return Rulebook(
        catalogue=parse_catalogue(by_kind[DocumentKind.CATALOGUE]),
        conduct=parse_conduct(by_kind[DocumentKind.CONDUCT][0]),
        calendars={one.name: parse_calendar(one.body) for one in by_kind[DocumentKind.CALENDAR]},
        routing=_routing(by_kind[DocumentKind.ROUTING]),
        units=parse_units(by_kind[DocumentKind.UNITS]),
        zone=settings.zone,
    )


def to_feature(row: GridFeatureRow) -> Feature:
    """Return the typed feature of a row."""
    return Feature(
        code=row.code,
        name=row.name,
        layer=row.layer,
        geometry=load_geometry(row.geometry),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        parent=row.parent,
        lines=tuple(tuple((x, y) for x, y in line) for line in row.lines or ()),
        tolerance_m=row.tolerance_m,
        received=row.received,
    )


def dump_geometry(geometry: tuple[Part, ...]) -> list[Any]:
    """Write parts as lists of rings of integer pairs."""
    return [[part.outer, *part.holes] for part in geometry]


def load_geometry(raw: list[Any]) -> tuple[Part, ...]:
    """Read what ``dump_geometry`` wrote."""
    return tuple(
        Part(
            outer=tuple((x, y) for x, y in rings[0]),
            holes=tuple(tuple((x, y) for x, y in ring) for ring in rings[1:]),
        )
        for rings in raw
    )


def _routing(documents: list[Document]) -> RoutingTable:
    """Join the tables in the order of their names."""
    tables = [parse_routing(document) for document in documents]
    if len(tables) == 1:
        return tables[0]
    return RoutingTable(
        name="+".join(table.name for table in tables),
        version="+".join(table.version for table in tables),
        rules=tuple(rule for table in tables for rule in table.rules),
    )
