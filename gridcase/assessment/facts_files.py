"""The facts as Parquet files, for evaluations over many months and offices; nothing in them names a person.

A rendering: the same facts give other bytes with another version of the library. Written by polars alone.
"""

from collections.abc import Iterator
from pathlib import Path

from gridcase.assessment.frames import Frames


def write_facts(frames: Frames, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write each frame; returns its name and where it is, in the order of the names.

    Of a post its role is left; columns ending in ``_by`` say who did something and are left out.
    """
    import polars as pl  # noqa: PLC0415 - web processes import this module's words, never the engine

    for name in ("actions", "assignments", "cases", "tasks"):
        frame: pl.DataFrame = getattr(frames, name).to_native()
        path = folder / f"facts-{name}"
        if "post" in frame.columns:
            frame = frame.with_columns(role=pl.col("post").str.split("/").list.first())
        kept = [column for column in frame.columns if column != "post" and not column.endswith("_by")]
        frame.select(kept).write_parquet(path, compression="zstd", statistics=True)
        yield name, path
