"""What is wrong with a grid: gaps, overlaps, slivers, codes, parents, sizes, names, each with its place and width.

Looks at features that were read already and mends nothing: ``gridcase.grid.geojson`` says what could not be read.
The rules are those of ``reference/standards.md`` §1.2: seamless, not overlapping, never across a community border.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.domain.errors import InvalidInputError
from gridcase.domain.place import E7
from gridcase.grid.codes import MAX_SEQUENCE, parse_cell_code
from gridcase.grid.features import UNIT_LAYER, Feature, Part, to_shape
from gridcase.grid.metric import metres_per_unit

#: Narrower than this, in metres, a gap or overlap comes from rounding to 1e-7 degree: a node and the edge it should lie
#: on move by half a unit of either axis each, 7.9 mm, in the worst case apart. Hsinchu's upper levels, rounded each by
#: itself, have such pieces up to 11 mm wide.
ROUNDING_WIDTH_M = 0.016

#: A piece narrower than this is nothing that one can walk or see on a map.
SLIVER_WIDTH_M = 5.0

#: A feature so many times larger or smaller than the median stands out; open land may be larger, so it is a note.
OUTLIER_FACTOR = 10.0

#: Square units under which an overlay's result is noise of floating point, 6e-9 m².
_NOISE = 1e-4

_COMMUNITY_LENGTH = 12
_LEAST_FOR_OUTLIERS = 5

Shapes = npt.NDArray[np.object_]
#: Told what is being looked at, and how far that is: (kind of work, done, of).
Progress = Callable[[str, int, int], None]


class DefectKind(StrEnum):
    """What can be wrong; keys of labels in ``gridcase.edge.texts``."""

    GAP = "gap"
    OVERLAP = "overlap"
    ROUNDING = "rounding"
    SLIVER = "sliver"
    RING_INVALID = "ring_invalid"
    CODE_MISSING = "code_missing"
    CODE_MALFORMED = "code_malformed"
    CODE_REPEATED = "code_repeated"
    PARENT_WRONG = "parent_wrong"
    PARENT_CROSSED = "parent_crossed"
    PARENT_UNKNOWN = "parent_unknown"
    SIZE_OUTLIER = "size_outlier"
    NAME_MISSING = "name_missing"
    UNREADABLE = "unreadable"
    MENDED = "mended"


class Severity(StrEnum):
    """How bad: an error breaks locating or the code, a warning wants a look, a note is for information."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_SEVERITY = {
    DefectKind.GAP: Severity.ERROR,
    DefectKind.OVERLAP: Severity.ERROR,
    DefectKind.ROUNDING: Severity.NOTE,
    DefectKind.SLIVER: Severity.WARNING,
    DefectKind.RING_INVALID: Severity.ERROR,
    DefectKind.CODE_MISSING: Severity.ERROR,
    DefectKind.CODE_MALFORMED: Severity.ERROR,
    DefectKind.CODE_REPEATED: Severity.ERROR,
    DefectKind.PARENT_WRONG: Severity.ERROR,
    DefectKind.PARENT_CROSSED: Severity.ERROR,
    DefectKind.PARENT_UNKNOWN: Severity.WARNING,
    DefectKind.SIZE_OUTLIER: Severity.NOTE,
    DefectKind.NAME_MISSING: Severity.WARNING,
    DefectKind.UNREADABLE: Severity.ERROR,
    DefectKind.MENDED: Severity.WARNING,
}
_ORDER = {kind: number for number, kind in enumerate(DefectKind)}
_RANK = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing found.

    Parameters
    ----------
    codes
        The features concerned, in ascending order; for a wrong parent the cell, the parent named, the parent it
        lies in. A gap names its neighbours.
    area_m2, width_m
        Size on the ground; the width is that of the widest circle inside for gaps and overlaps, and twice the area
        over the perimeter for slivers. None where there is nothing to measure.
    lon, lat
        A place inside it in WGS 84 degrees; None when the feature has no readable geometry.
    shape
        What to draw, in units of 1e-7 degree.
    detail
        A word more, such as the reason of a refusal; may be empty.
    """

    kind: DefectKind
    codes: tuple[str, ...]
    area_m2: float | None = None
    width_m: float | None = None
    lon: float | None = None
    lat: float | None = None
    shape: BaseGeometry | None = None
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """How bad this kind is; a hole without a parent's outline may be a lake, so it only wants a look."""
        if self.kind is DefectKind.GAP and self.detail == _ENCLOSED:
            return Severity.WARNING
        return _SEVERITY[self.kind]


#: Detail of a gap that no parent's outline proves to be one.
_ENCLOSED = "enclosed"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What came of a check.

    Parameters
    ----------
    features
        How many were looked at.
    defects
        Errors first, then warnings and notes; inside by kind, codes and place.
    area_m2, median_m2, least_m2, most_m2
        Area on the ground of all together, and of single features; zero without features.
    """

    features: int
    defects: tuple[Defect, ...]
    area_m2: float
    median_m2: float
    least_m2: float
    most_m2: float

    @property
    def is_good(self) -> bool:
        """Whether nothing is an error."""
        return all(defect.severity is not Severity.ERROR for defect in self.defects)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind, in the order of kinds, those that occur."""
        found = Counter(defect.kind for defect in self.defects)
        return {str(kind): found[kind] for kind in DefectKind if found[kind]}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """How to look.

    Parameters
    ----------
    is_unit
        Whether codes are those of unit cells and name their community.
    names_required
        Whether a feature must have a name; unit cells need none.
    sliver_width_m
        What is narrower is a sliver.
    """

    is_unit: bool
    names_required: bool
    sliver_width_m: float = SLIVER_WIDTH_M

    @classmethod
    def of_layer(cls, layer: str) -> "CheckSpec":
        """Return what is usual for a layer."""
        return cls(is_unit=layer == UNIT_LAYER, names_required=layer != UNIT_LAYER)


def check_grid(
    features: Sequence[Feature],
    spec: CheckSpec,
    *,
    parents: Sequence[Feature] = (),
    said: Sequence[Defect] = (),
    progress: Progress = lambda _work, _done, _of: None,
) -> QualityReport:
    """Look for everything that is wrong with a layer of areas.

    Neighbours that share vertices leave neither gap nor overlap, exactly. Where a vertex of one lies on the edge of
    the other but was rounded off it, the pieces between them are under 16 mm wide and reported as ``rounding``. With
    parents, a gap is what lies inside a parent and in no feature; without, what the features enclose. A feature's
    parent is the one its unit code or its ``parent`` names, else the one that holds most of it.
    Features without areas (lines) are left out.

    Parameters
    ----------
    features
        All of one layer in force on one day; a code may be repeated, which is found.
    parents
        The next larger layer; only those matter that a feature names or touches.
    said
        What reading them said already; comes back among the defects.

    Examples
    --------
    >>> check_grid((), CheckSpec.of_layer("unit")).is_good
    True
    """
    areas = sorted((feature for feature in features if feature.geometry), key=_sort_key)
    if not areas:
        return QualityReport(features=0, defects=_in_order(said), area_m2=0, median_m2=0, least_m2=0, most_m2=0)
    scene = _Scene.of(areas, [parent for parent in parents if parent.geometry])
    looks: tuple[tuple[str, Callable[[], Iterable[Defect]]], ...] = (
        ("rings", lambda: _rings(scene)),
        ("codes", lambda: _codes(scene, spec)),
        ("overlaps", lambda: _overlaps(scene)),
        ("gaps", lambda: _gaps(scene)),
        ("slivers", lambda: _slivers(scene, spec.sliver_width_m)),
        ("parents", lambda: _parents(scene, spec)),
        ("sizes", lambda: _sizes(scene)),
    )
    found = list(said)
    for number, (work, look) in enumerate(looks):
        progress(work, number, len(looks))
        found += look()
    progress("done", len(looks), len(looks))
    sizes = scene.areas_m2.tolist()
    return QualityReport(
        features=len(areas),
        defects=_in_order(found),
        area_m2=sum(sizes),
        median_m2=statistics.median(sizes),
        least_m2=min(sizes),
        most_m2=max(sizes),
    )


def write_defects(defects: Iterable[Defect]) -> dict[str, Any]:
    """Make a FeatureCollection of what was found: the piece itself where there is one, else a point or null."""
    return {"type": "FeatureCollection", "features": [_write_defect(defect) for defect in defects]}


def defect_fields(defect: Defect) -> dict[str, Any]:
    """Return what is said of a defect besides its shape, for JSON."""
    return {
        "kind": str(defect.kind),
        "severity": str(defect.severity),
        "codes": list(defect.codes),
        "area_m2": None if defect.area_m2 is None else round(defect.area_m2, 4),
        "width_m": None if defect.width_m is None else round(defect.width_m, 4),
        "lon": defect.lon,
        "lat": defect.lat,
        "detail": defect.detail,
    }


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """All outlines, moved so that their middle is zero: doubles then hold crossings to 1e-9 units."""

    features: Sequence[Feature]
    shapes: Shapes
    whole: Shapes
    parents: Sequence[Feature]
    parent_shapes: Shapes
    x: int
    y: int
    east: float
    north: float

    @classmethod
    def of(cls, features: Sequence[Feature], parents: Sequence[Feature]) -> "_Scene":
        given = np.array([_shape(feature.geometry) for feature in features], dtype=object)
        west, south, east, north = shapely.total_bounds(given).tolist()
        x, y = round((west + east) / 2), round((south + north) / 2)
        metres_east, metres_north = metres_per_unit(y)
        shapes = shapely.transform(given, lambda c: c - (x, y))
        above = np.array([_shape(parent.geometry) for parent in parents], dtype=object)
        return cls(
            features=features,
            shapes=shapes,
            whole=_valid(shapes),
            parents=parents,
            parent_shapes=_valid(shapely.transform(above, lambda c: c - (x, y))) if parents else above,
            x=x,
            y=y,
            east=metres_east,
            north=metres_north,
        )

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.whole)

    @cached_property
    def areas_m2(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.area_m2(self.whole), dtype=np.float64)

    @cached_property
    def union(self) -> BaseGeometry:
        """All features together; where they share all vertices the quick way is exact."""
        parts = shapely.get_parts(self.whole)
        if shapely.coverage_is_valid(parts):
            return shapely.coverage_union_all(parts)
        return shapely.union_all(self.whole)

    def area_m2(self, shapes: Any) -> Any:
        return shapely.area(shapes) * self.east * self.north

    def metres(self, shapes: Any) -> Any:
        return shapely.transform(shapes, lambda c: c * (self.east, self.north))

    def code(self, number: int) -> str:
        return self.features[number].code

    def defect(
        self,
        kind: DefectKind,
        codes: Sequence[str],
        shape: BaseGeometry,
        *,
        width: float | None = None,
        detail: str = "",
    ) -> Defect:
        at = shapely.point_on_surface(shape) if shape.area else shapely.Point(shapely.get_coordinates(shape)[0])
        return Defect(
            kind=kind,
            codes=tuple(codes),
            area_m2=float(self.area_m2(shape)),
            width_m=width,
            lon=round((at.x + self.x) / E7, 7),
            lat=round((at.y + self.y) / E7, 7),
            shape=shapely.transform(shape, lambda c: c + np.array((self.x, self.y))),
            detail=detail,
        )


def _shape(geometry: Sequence[Part]) -> BaseGeometry:
    shape = to_shape(geometry)
    return shape.geoms[0] if len(shape.geoms) == 1 else shape


def _valid(shapes: Shapes) -> Shapes:
    is_valid = shapely.is_valid(shapes)
    if is_valid.all():
        return shapes
    return np.where(is_valid, shapes, shapely.make_valid(shapes, method="structure", keep_collapsed=False))


def _rings(scene: _Scene) -> Iterator[Defect]:
    for number in np.flatnonzero(~shapely.is_valid(scene.shapes)).tolist():
        shape = scene.shapes[number]
        yield scene.defect(
            DefectKind.RING_INVALID,
            (scene.code(number),),
            shape if shape.area else shape.boundary,
            detail=shapely.is_valid_reason(shape).partition("[")[0],
        )


def _codes(scene: _Scene, spec: CheckSpec) -> Iterator[Defect]:
    held = Counter(feature.code for feature in scene.features)
    for number, feature in enumerate(scene.features):
        shape = scene.whole[number]
        if not feature.code:
            yield scene.defect(DefectKind.CODE_MISSING, (), shape)
        elif spec.is_unit and not _is_cell_code(feature.code):
            yield scene.defect(DefectKind.CODE_MALFORMED, (feature.code,), shape)
        if feature.code and held[feature.code] > 1:
            yield scene.defect(DefectKind.CODE_REPEATED, (feature.code,), shape)
        if spec.names_required and not feature.name.strip():
            yield scene.defect(DefectKind.NAME_MISSING, (feature.code,), shape)


def _is_cell_code(code: str) -> bool:
    try:
        parts = parse_cell_code(code)
    except InvalidInputError:
        return False
    return parts.code == code and parts.sequence != "000" and MAX_SEQUENCE > 0


def _overlaps(scene: _Scene) -> Iterator[Defect]:
    if shapely.coverage_is_valid(shapely.get_parts(scene.whole)):
        return
    one, other = scene.tree.query(scene.whole, predicate="intersects")
    one, other = one[one < other], other[one < other]
    # Only touching is what almost all neighbours do, and it is decided much faster than the overlay is made.
    meets = shapely.relate_pattern(scene.whole[one], scene.whole[other], "T********")
    one, other = one[meets], other[meets]
    common = shapely.intersection(scene.whole[one], scene.whole[other])
    for first, second, shape in zip(one.tolist(), other.tolist(), common, strict=True):
        codes = sorted((scene.code(first), scene.code(second)))
        yield from _pieces(scene, DefectKind.OVERLAP, shape, codes)


def _gaps(scene: _Scene) -> Iterator[Defect]:
    if scene.parents:
        touched = np.unique(shapely.STRtree(scene.parent_shapes).query(scene.whole, predicate="intersects")[1])
        empty = shapely.difference(shapely.union_all(scene.parent_shapes[touched]), scene.union)
        yield from _pieces(scene, DefectKind.GAP, empty)
        return
    holes = [
        shapely.Polygon(hole) for part in shapely.get_parts(scene.union) for hole in getattr(part, "interiors", ())
    ]
    # What lies in a hole is no gap: an island's surroundings may hold cells of their own.
    enclosed = shapely.difference(shapely.union_all(holes), scene.union) if holes else shapely.Polygon()
    yield from _pieces(scene, DefectKind.GAP, enclosed, detail=_ENCLOSED)


def _around(scene: _Scene, piece: BaseGeometry) -> list[str]:
    return sorted({scene.code(n) for n in scene.tree.query(piece, predicate="dwithin", distance=1.0)})


def _pieces(
    scene: _Scene,
    kind: DefectKind,
    shape: BaseGeometry,
    codes: Sequence[str] | None = None,
    *,
    detail: str = "",
) -> Iterator[Defect]:
    """Make a defect of every polygon among the parts, ``rounding`` where it is that narrow.

    Without codes it concerns the features around it.
    """
    for piece in shapely.get_parts(shape):
        if not isinstance(piece, shapely.Polygon) or piece.area < _NOISE:
            continue
        width = _width_m(scene, piece)
        named = _around(scene, piece) if codes is None else codes
        if width < ROUNDING_WIDTH_M:
            yield scene.defect(DefectKind.ROUNDING, named, piece, width=width, detail=str(kind))
        else:
            yield scene.defect(kind, named, piece, width=width, detail=detail)


def _width_m(scene: _Scene, piece: shapely.Polygon) -> float:
    """Diameter of the widest circle inside.

    Twice the area over the perimeter is a third to the whole of it, so only pieces that may be as narrow as
    rounding pay for the exact answer: whether anything is left when half the width is taken off all around.
    """
    flat = scene.metres(piece)
    rough = float(2 * flat.area / flat.length)
    if rough >= ROUNDING_WIDTH_M:
        return float(2 * shapely.maximum_inscribed_circle(flat, tolerance=rough / 100).length)
    is_narrow = shapely.buffer(flat, -ROUNDING_WIDTH_M / 2, join_style="mitre").is_empty
    return rough if is_narrow else ROUNDING_WIDTH_M


def _slivers(scene: _Scene, least_m: float) -> Iterator[Defect]:
    parts, owners = shapely.get_parts(scene.whole, return_index=True)
    flat = scene.metres(parts)
    widths = 2 * shapely.area(flat) / np.maximum(shapely.length(flat), 1e-9)
    for number in np.flatnonzero(widths < least_m).tolist():
        yield scene.defect(DefectKind.SLIVER, (scene.code(owners[number]),), parts[number], width=float(widths[number]))


def _parents(scene: _Scene, spec: CheckSpec) -> Iterator[Defect]:
    if not scene.parents:
        return
    number_of = {parent.code: number for number, parent in enumerate(scene.parents)}
    shared = _shared_areas(scene)
    for number, feature in enumerate(scene.features):
        named = feature.parent or (feature.code[:_COMMUNITY_LENGTH] if spec.is_unit else None)
        lies_in = _largest(shared[number])
        main = None if lies_in is None else scene.parents[lies_in].code
        if named is not None and main != named and _lies_mostly(scene, number, lies_in):
            yield scene.defect(DefectKind.PARENT_WRONG, (feature.code, named, main or ""), scene.whole[number])
        elif named is not None and named not in number_of:
            yield scene.defect(DefectKind.PARENT_UNKNOWN, (feature.code,), scene.whole[number], detail=named)
        elif lies_in is not None:
            yield from _crossing(scene, number, lies_in)
        else:
            yield scene.defect(DefectKind.PARENT_CROSSED, (feature.code,), scene.whole[number], detail="outside")


def _lies_mostly(scene: _Scene, number: int, parent: int | None) -> bool:
    """Whether more than half of a feature is in a parent; a strip along a border is not."""
    if parent is None:
        return False
    shape = scene.whole[number]
    return bool(shapely.intersection(shape, scene.parent_shapes[parent]).area * 2 > shape.area)


def _largest(shares: Mapping[int, float]) -> int | None:
    """Return the number with the largest share, the lowest of equals; None without any."""
    return max(shares, key=lambda number: (shares[number], -number), default=None)


def _shared_areas(scene: _Scene) -> list[dict[int, float]]:
    """Area that each feature has in each parent, in square units."""
    inside: list[dict[int, float]] = [{} for _ in scene.features]
    tree = shapely.STRtree(scene.parent_shapes)
    feature, parent = tree.query(scene.whole, predicate="intersects")
    touches = shapely.relate_pattern(scene.whole[feature], scene.parent_shapes[parent], "T********")
    feature, parent = feature[touches], parent[touches]
    # A feature in one parent alone lies there; only the others are measured.
    is_shared = np.bincount(feature, minlength=len(scene.features))[feature] > 1
    sizes = np.ones(len(feature))
    sizes[is_shared] = shapely.area(
        shapely.intersection(scene.whole[feature[is_shared]], scene.parent_shapes[parent[is_shared]])
    )
    for one, other, size in zip(feature.tolist(), parent.tolist(), sizes.tolist(), strict=True):
        inside[one][other] = size
    return inside


def _crossing(scene: _Scene, number: int, parent: int) -> Iterator[Defect]:
    shape, outline = scene.whole[number], scene.parent_shapes[parent]
    if shapely.covers(outline, shape):
        return
    codes = (scene.code(number), scene.parents[parent].code)
    yield from _pieces(scene, DefectKind.PARENT_CROSSED, shapely.difference(shape, outline), codes)


def _sizes(scene: _Scene) -> Iterator[Defect]:
    if len(scene.features) < _LEAST_FOR_OUTLIERS:
        return
    median = float(np.median(scene.areas_m2))
    far = (scene.areas_m2 > median * OUTLIER_FACTOR) | (scene.areas_m2 < median / OUTLIER_FACTOR)
    for number in np.flatnonzero(far).tolist():
        yield scene.defect(DefectKind.SIZE_OUTLIER, (scene.code(number),), scene.whole[number])


def _write_defect(defect: Defect) -> dict[str, Any]:
    return {"type": "Feature", "properties": defect_fields(defect), "geometry": _geometry(defect)}


def _geometry(defect: Defect) -> Any:
    if defect.shape is not None:
        # Crossings are kept to 1e-10 degree: a gap of rounding would vanish at seven decimals.
        degrees = shapely.transform(defect.shape, lambda c: np.round(c / E7, 10))
        return shapely.geometry.mapping(degrees)
    if defect.lon is not None and defect.lat is not None:
        return {"type": "Point", "coordinates": [defect.lon, defect.lat]}
    return None


def _in_order(defects: Iterable[Defect]) -> tuple[Defect, ...]:
    return tuple(
        sorted(
            defects,
            key=lambda d: (_RANK[d.severity], _ORDER[d.kind], d.codes, d.lon or 0.0, d.lat or 0.0, d.detail),
        )
    )


def _sort_key(feature: Feature) -> tuple[str, Any]:
    return feature.code, feature.geometry[0].outer
