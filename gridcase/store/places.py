"""Features of the grid layers, dated: a cell is never deleted or renumbered."""

from datetime import date
from typing import Any

from sqlalchemy import Index, String, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, Tx


class GridFeatureRow(Base):
    """One feature of one layer.

    ``geometry`` is GeoJSON with integer coordinates of 1e-7 degree; the four bounds are the same integers.
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


def features_in_force(tx: Tx, on: date) -> tuple[GridFeatureRow, ...]:
    """Return all features of all layers in force on a day, by layer and code."""
    rows = tx.execute(
        select(GridFeatureRow)
        .where(GridFeatureRow.valid_from <= on)
        .where(or_(GridFeatureRow.valid_to.is_(None), GridFeatureRow.valid_to > on))
        .order_by(GridFeatureRow.layer, GridFeatureRow.code)
    ).scalars()
    return tuple(rows)


def add_features(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert features in bulk."""
    if rows:
        tx.execute(insert(GridFeatureRow), rows)


def end_features(tx: Tx, layer: str, codes: list[str], on: date) -> None:
    """End features on a day; cases keep the codes they were given."""
    tx.execute(
        update(GridFeatureRow)
        .where(GridFeatureRow.layer == layer, GridFeatureRow.valid_to.is_(None))
        .where(GridFeatureRow.code.in_(codes))
        .values(valid_to=on)
    )
