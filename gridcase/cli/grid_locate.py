"""``gridcase grid locate``: where is a point, and which features hold each of many."""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import click
import numpy as np

from gridcase.cli.shell import answer, json_option, refusing, runtime, table
from gridcase.domain.errors import invalid
from gridcase.domain.place import Datum
from gridcase.grid.datums import system_of, to_wgs84
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.index import HOW
from gridcase.grid.metric import Floats
from gridcase.services.gridding import locate
from gridcase.services.locating import HeldPoints, PointAsker
from gridcase.services.runtime import Runtime
from gridcase.services.steps.placing import ReceivedPlace

_ROWS_AT_ONCE = 50_000


@click.command("locate")
@click.option("--lon", type=float, help="Longitude in degrees.")
@click.option("--lat", type=float, help="Latitude in degrees.")
@click.option(
    "--points", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="CSV with a header lon,lat."
)
@click.option("--lon-field", default="lon", show_default=True, help="Column of the longitude.")
@click.option("--lat-field", default="lat", show_default=True, help="Column of the latitude.")
@click.option("--encoding", default="UTF-8", show_default=True, help="Of the file of points, such as GBK.")
@click.option("--layer", default=UNIT_LAYER, show_default=True)
@click.option(
    "--datum", default=Datum.WGS84.value, show_default=True, type=click.Choice([str(datum) for datum in Datum])
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the hits of --points here as CSV.")
@json_option
@refusing
def locate_command(
    *,
    lon: float | None,
    lat: float | None,
    points: Path | None,
    lon_field: str,
    lat_field: str,
    encoding: str,
    layer: str,
    datum: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say where one point is, or how many features hold each of many points (before the tie rule)."""
    if points is not None and lon is None and lat is None:
        file = PointFile(path=points, lon_field=lon_field, lat_field=lat_field, encoding=encoding, datum=Datum(datum))
        _locate_many(runtime(), file, layer=layer, out=out, as_json=as_json)
    elif lon is not None and lat is not None and points is None and out is None:
        _locate_one(runtime(), ReceivedPlace(lon=lon, lat=lat, datum=Datum(datum)), layer=layer, as_json=as_json)
    else:
        raise click.UsageError("give either --lon and --lat, or --points; --out goes with --points")


def _locate_one(rt: Runtime, received: ReceivedPlace, *, layer: str, as_json: bool) -> None:
    reference = rt.reference()
    if layer != UNIT_LAYER:
        point = to_wgs84(lon=received.lon, lat=received.lat, datum=received.datum)
        if not any(name == layer for name, _ in reference.features):
            raise invalid("layer", "layer_not_found", layer=layer)
        codes = reference.grid.holding(point, layer=layer)
        value: dict[str, Any] = {"layer": layer, "code": codes[0] if codes else None, "codes": list(codes)}
        answer(value, as_json=as_json, text=", ".join(codes) or "-")
        return
    found = locate(rt, received, reference)
    distance = found.location.distance_m
    value = {
        "cell": found.location.cell,
        "how": found.location.how,
        "distance_m": round(distance, 3) if distance < float("inf") else None,
        "candidates": list(found.location.candidates),
        "layers": {name: list(codes) for name, codes in found.layers.items()},
    }
    answer(value, as_json=as_json, text=f"{found.location.cell or '-'} ({found.location.how})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFile:
    """A CSV file of points and how to read it."""

    path: Path
    lon_field: str
    lat_field: str
    encoding: str
    datum: Datum

    def blocks(self, step: Callable[[int], None]) -> Iterator[tuple[list[tuple[str, str]], Floats]]:
        """Read block by block: the two texts of each row, and the positions in WGS 84 degrees.

        What is no number, or no degree of the datum, is not-a-number. ``step`` is told how many bytes were read.

        Raises
        ------
        InvalidInputError
            On ``points``: ``header_needed``, ``encoding_does_not_fit``, ``encoding_unknown``, ``points_malformed``.
        """
        system = system_of(self.datum.value)
        with self._opened() as text:
            rows = self._rows(text)
            while True:
                texts = self._next(rows)
                if not texts:
                    return
                positions = np.array([(_number(lon), _number(lat)) for lon, lat in texts])
                known = np.flatnonzero((np.abs(positions) <= (180.0, 90.0)).all(axis=1))
                degrees = np.full_like(positions, np.nan)
                degrees[known] = system.to_wgs84(positions[known])
                yield texts, degrees
                step(cast("BinaryIO", text.buffer).tell())

    def _opened(self) -> TextIOWrapper:
        is_utf8 = self.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
        try:
            return self.path.open(encoding="utf-8-sig" if is_utf8 else self.encoding, newline="")
        except LookupError:
            raise invalid("encoding", "encoding_unknown", encoding=self.encoding) from None

    def _rows(self, text: TextIOWrapper) -> Iterator[tuple[str, str]]:
        reader = csv.reader(text)
        names = [name.strip() for name in next(reader, [])]
        if names.count(self.lon_field) != 1 or names.count(self.lat_field) != 1:
            raise invalid("points", "header_needed", columns=f"{self.lon_field},{self.lat_field}")
        lon, lat = names.index(self.lon_field), names.index(self.lat_field)
        least = max(lon, lat) + 1
        for row in reader:
            # An empty line is no row; a short one is a row without a position.
            if len(row) >= least:
                yield row[lon], row[lat]
            elif row:
                yield "", ""

    def _next(self, rows: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
        try:
            return list(islice(rows, _ROWS_AT_ONCE))
        except UnicodeError:
            raise invalid("points", "encoding_does_not_fit", encoding=self.encoding) from None
        except csv.Error as err:
            raise invalid("points", "points_malformed", reason=str(err)) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _locate_many(rt: Runtime, file: PointFile, *, layer: str, out: Path | None, as_json: bool) -> None:
    asker = PointAsker(rt, layer)
    tally = dict.fromkeys(("points", "in_none", "in_one", "in_several", "unreadable"), 0)
    with _progress(file.path) as step, _hits(out, layer) as write:
        for texts, positions in file.blocks(step):
            held = asker.ask(positions, is_locating=out is not None)
            counts = np.bincount(held.points, minlength=len(texts))
            tally["points"] += len(texts)
            tally["in_none"] += int((counts == 0).sum())
            tally["in_one"] += int((counts == 1).sum())
            tally["in_several"] += int((counts > 1).sum())
            tally["unreadable"] += int((~held.is_point).sum())
            write(texts, held, asker.codes)
    answer(tally, as_json=as_json, text=table(tuple(tally), [tuple(str(value) for value in tally.values())]))


_Writer = Callable[[list[tuple[str, str]], HeldPoints, list[str]], None]


@contextmanager
def _hits(out: Path | None, layer: str) -> Iterator[_Writer]:
    """Write the rows of blocks to a file, in their order; nowhere when there is none."""
    if out is None:
        yield lambda *_: None
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        own = ("cell", "how", "distance_m") if layer == UNIT_LAYER else ()
        writer.writerow(("lon", "lat", "codes", *own))

        def write(texts: list[tuple[str, str]], held: HeldPoints, codes: list[str]) -> None:
            found = [""] * len(texts)
            for point, row in zip(held.points.tolist(), held.rows.tolist(), strict=True):
                found[point] += f" {codes[row]}" if found[point] else codes[row]
            answers = _answers(held, codes) if own else [()] * len(texts)
            writer.writerows((*text, each, *more) for text, each, more in zip(texts, found, answers, strict=True))

        yield write


def _answers(held: HeldPoints, codes: list[str]) -> list[tuple[str, ...]]:
    """Cell, how and distance of each row after the tie rule; nothing for what is no point."""
    rows: list[tuple[str, ...]] = [("", "", "")] * len(held.is_point)
    located = held.located
    if located is None:
        return rows
    points = np.flatnonzero(held.is_point).tolist()
    columns = (located.rows.tolist(), located.how.tolist(), located.distances_m.tolist())
    for point, row, how, metres in zip(points, *columns, strict=True):
        distance = f"{metres:.3f}" if metres < float("inf") else ""
        rows[point] = (codes[row] if row >= 0 else "", HOW[how].value, distance)
    return rows


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """Show how far the file is read, on standard error and for people only."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(path.name, total=path.stat().st_size)
        yield lambda read: bar.update(task, completed=read)
