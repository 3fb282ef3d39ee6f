"""Features of the grid layers, dated: a cell is never deleted or renumbered."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Index, LargeBinary, String, delete, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, Tx

T = TypeVar("T")

#: Rows in one statement: SQLite takes 32,766 values, PostgreSQL 65,535.
_AT_ONCE = 5_000


class GridFeatureRow(Base):
    """One feature of one layer.

    ``geometry`` (areas) is GeoJSON with integer coordinates of 1e-7 degree, ``lines`` are lists of the same; the four
    bounds are the same integers. ``received`` is the geometry before snapping, WKB in degrees of WGS 84, and
    ``received_crs`` the system its coordinates came in; both are null for features made here.
    """

    __tablename__ = "grid_feature"
    __table_args__ = (
        Index("uq_grid_feature_code", "layer", "code", "valid_from", unique=True),
        Index("ix_grid_feature_bounds", "layer", "west_e7", "south_e7"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    layer: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120), default="")
    parent: Mapped[str | None] = mapped_column(String(40))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    area_m2: Mapped[float]
    geometry: Mapped[Any] = mapped_column(PlainJson)
    west_e7: Mapped[int]
    south_e7: Mapped[int]
    east_e7: Mapped[int]
    north_e7: Mapped[int]
    lines: Mapped[Any | None] = mapped_column(PlainJson)
    tolerance_m: Mapped[float | None]
    received: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_crs: Mapped[str | None] = mapped_column(String(40))


def features_in_force(tx: Tx, on: date) -> tuple[GridFeatureRow, ...]:
    """Return all features of all layers in force on a day, by layer and code."""
    rows = tx.execute(
        select(GridFeatureRow)
        .where(GridFeatureRow.valid_from <= on)
        .where(or_(GridFeatureRow.valid_to.is_(None), GridFeatureRow.valid_to > on))
        .order_by(GridFeatureRow.layer, GridFeatureRow.code)
    ).scalars()
    return tuple(rows)


def layer_in_force(tx: Tx, layer: str, on: date) -> tuple[GridFeatureRow, ...]:
    """Return the features of one layer in force on a day, by code."""
    rows = tx.execute(
        select(GridFeatureRow)
        .where(GridFeatureRow.layer == layer, GridFeatureRow.valid_from <= on)
        .where(or_(GridFeatureRow.valid_to.is_(None), GridFeatureRow.valid_to > on))
        .order_by(GridFeatureRow.code)
    ).scalars()
    return tuple(rows)


def versions_of_layer(tx: Tx, layer: str) -> tuple[GridFeatureRow, ...]:
    """Return every feature a layer ever had, by code and first day."""
    rows = tx.execute(
        select(GridFeatureRow)
        .where(GridFeatureRow.layer == layer)
        .order_by(GridFeatureRow.code, GridFeatureRow.valid_from)
    ).scalars()
    return tuple(rows)


def features_numbered(tx: Tx, numbers: Sequence[int]) -> tuple[GridFeatureRow, ...]:
    """Return these rows, by number."""
    found: list[GridFeatureRow] = []
    for some in _portions(sorted(numbers)):
        found += tx.execute(
            select(GridFeatureRow).where(GridFeatureRow.id.in_(some)).order_by(GridFeatureRow.id)
        ).scalars()
    return tuple(found)


def keep_layers_still(tx: Tx) -> None:
    """Let no other transaction change layers until this one ends; SQLite has one writer anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE grid_feature IN SHARE ROW EXCLUSIVE MODE"))


def add_features(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert features in bulk."""
    for some in _portions(rows):
        tx.execute(insert(GridFeatureRow), some)


def end_features(tx: Tx, days: Mapping[int, date]) -> None:
    """End features by number, each on its day; cases keep the codes they were given."""
    by_day: defaultdict[date, list[int]] = defaultdict(list)
    for number, day in days.items():
        by_day[day].append(number)
    for day, numbers in by_day.items():
        for some in _portions(numbers):
            tx.execute(update(GridFeatureRow).where(GridFeatureRow.id.in_(some)).values(valid_to=day))


def drop_features(tx: Tx, numbers: Sequence[int]) -> None:
    """Remove versions that another of the same first day takes the place of."""
    for some in _portions(numbers):
        tx.execute(delete(GridFeatureRow).where(GridFeatureRow.id.in_(some)))


def _portions(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
