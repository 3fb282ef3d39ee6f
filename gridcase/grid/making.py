"""How is a community divided into unit cells along its roads and rivers, without cutting a building.

Roads and rivers part a community into blocks; small blocks are joined, large ones cut straight; then the borders step
aside around every building. Cell size, seams and numbering after ``reference/standards.md`` §1.2; the walk is ours.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.domain.errors import invalid
from gridcase.grid.borders import REACH, settle_on_borders
from gridcase.grid.codes import MAX_SEQUENCE, cell_code
from gridcase.grid.cutting import Piece, cut_block
from gridcase.grid.features import UNIT_LAYER, Feature, Line, Part, from_shape, to_shape
from gridcase.grid.joining import Areas, join_small
from gridcase.grid.metric import metres_per_unit

#: A block or cell under this share of the target joins a neighbour.
_LEAST_SHARE = 0.6
#: A block over this share is cut.
_MOST_SHARE = 1.5
#: A cell that is left smaller than this after stepping around buildings joins a neighbour.
_LEAST_CELL_SHARE = 0.5
#: A block narrower than this, in metres, joins a neighbour whatever its area (twice the area over the perimeter): the
#: strip between two carriageways is no cell. Tried 10 to 30 on central Helsinki: from 25 on joined blocks grow ragged.
_LEAST_WIDTH_M = 20.0
#: The same for a cell after stepping around buildings.
_LEAST_CELL_WIDTH_M = 18.0

_LEAST_AREA_M2 = 100.0
_MOST_AREA_M2 = 10_000_000.0

#: Told the community in hand and how far that is: (code, done, of).
Progress = Callable[[str, int, int], None]
_Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A line that cells should not cross.

    Parameters
    ----------
    line
        Vertices in units of 1e-7 degree.
    strength
        1 to 3: where blocks must be joined, they are joined across the weakest.
    """

    line: Line
    strength: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What lies on the ground.

    Parameters
    ----------
    barriers
        Roads and rivers; they may reach over the outline, and their order does not matter.
    buildings
        Each polygon is a building of its own; those whose interiors meet are one.
    """

    barriers: Sequence[Barrier] = ()
    buildings: Sequence[Part] = ()


def make_cells(
    communities: Sequence[Feature],
    ground: Ground,
    *,
    target_area_m2: float = 10_000.0,
    progress: Progress = lambda _code, _done, _of: None,
) -> tuple[Feature, ...]:
    """Make the unit cells of communities.

    The cells of a community cover it without gap or overlap and share every vertex with their neighbours, those of
    neighbouring communities included. Where a road or cut meets a slanting border of a community, its end is moved to
    a whole unit nearby, mostly within a metre, that bends the border least: by micrometres as a rule, by half a unit
    (under 8 mm) at most, on both sides alike. No building is parted unless the border of a community parts it. Cells
    strive for the target area: between half and one and a half of it where the blocks allow. The same input in any
    order gives the same cells.

    Numbers run from 001 in each community as one reads a page: rows are bands from its northernmost point southward,
    each as high as the side of a target square; a cell is in the row that holds the middle of its bounding box; in a
    row the cells go from west to east by that middle, then from north to south.

    Parameters
    ----------
    communities
        Codes of 12 characters; their interiors must not meet.
    ground
        Roads, rivers and buildings; without roads and rivers cuts run along and across the main axis of a community.
    target_area_m2
        What a cell should have.

    Returns
    -------
    tuple
        Cells in ascending order of code, with community as parent. No communities give no cells.

    Raises
    ------
    InvalidInputError
        ``target_area_out_of_range`` outside 100 m² to 10 km² (field ``target_area``), ``communities_overlap`` and
        ``too_many_cells`` over 999 in a community (field ``communities``).
    """
    if not _LEAST_AREA_M2 <= target_area_m2 <= _MOST_AREA_M2:
        raise invalid("target_area", "target_area_out_of_range", area=str(target_area_m2))
    if not communities:
        return ()
    members = sorted(communities, key=lambda community: community.code)
    outlines = np.array([to_shape(member.geometry) for member in members], dtype=object)
    _refuse_overlaps(members, outlines)
    drafts = []
    scene = _Scene.of(ground)
    for number, (member, outline) in enumerate(zip(members, outlines, strict=True)):
        _refuse_too_many(member, outline, target_area_m2)
        progress(member.code, number, len(members))
        drafts.append(_draft(outline, scene, target_area_m2))
    progress("", len(members), len(members))
    cells = _settle(outlines, drafts, scene, target_area_m2)
    return tuple(
        cell
        for member, shapes in zip(members, cells, strict=True)
        for cell in _numbered(member, shapes, target_area_m2)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Roads, rivers and buildings of all communities, in an order of their own."""

    lines: _Shapes
    strengths: npt.NDArray[np.int64]
    line_tree: shapely.STRtree
    buildings: _Shapes
    building_tree: shapely.STRtree
    clusters: npt.NDArray[np.int64]

    @classmethod
    def of(cls, ground: Ground) -> "_Scene":
        strongest: dict[bytes, tuple[BaseGeometry, int]] = {}
        for barrier in ground.barriers:
            if len(set(barrier.line)) > 1:
                line = shapely.normalize(shapely.LineString(barrier.line))
                strength = max(barrier.strength, strongest.get(line.wkb, (line, 0))[1])
                strongest[line.wkb] = line, strength
        kept = [strongest[key] for key in sorted(strongest)]
        lines = np.array([line for line, _ in kept], dtype=object)
        buildings = _ordered_buildings(ground.buildings)
        tree = shapely.STRtree(buildings)
        return cls(
            lines=lines,
            strengths=np.array([strength for _, strength in kept], dtype=np.int64),
            line_tree=shapely.STRtree(lines),
            buildings=buildings,
            building_tree=tree,
            clusters=_clusters(buildings, tree),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A community's cells before they step around buildings.

    ``pieces`` may overlap their neighbours by rounding; ``seams`` are the lines between them, in units.
    """

    pieces: list[BaseGeometry]
    seams: list[BaseGeometry]


def _refuse_overlaps(members: Sequence[Feature], outlines: _Shapes) -> None:
    one, other = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    one, other = one[one < other], other[one < other]
    for first, second in zip(one.tolist(), other.tolist(), strict=True):
        # A strip of rounding along a common border is none.
        common = shapely.buffer(shapely.intersection(outlines[first], outlines[second]), -1.5)
        if not common.is_empty:
            raise invalid("communities", "communities_overlap", one=members[first].code, other=members[second].code)


def _refuse_too_many(member: Feature, outline: BaseGeometry, target: float) -> None:
    """Refuse before the work what would be refused after it."""
    east, north = _scale(outline)
    fewest = math.floor(outline.area * east * north / (2 * _MOST_SHARE * target))
    if fewest > MAX_SEQUENCE:
        raise invalid("communities", "too_many_cells", community=member.code, cells=fewest)


def _ordered_buildings(parts: Iterable[Part]) -> _Shapes:
    shapes = (shapely.Polygon(part.outer, part.holes) for part in parts)
    valid = (shape if shape.is_valid else shapely.make_valid(shape, method="structure") for shape in shapes)
    rounded = (shapely.set_precision(shape, 1) for shape in valid)
    pieces = [
        shapely.normalize(piece)
        for shape in rounded
        for piece in shapely.get_parts(shape)
        if isinstance(piece, shapely.Polygon) and piece.area > 0
    ]
    by_bytes = {piece.wkb: piece for piece in pieces}
    return np.array([by_bytes[key] for key in sorted(by_bytes)], dtype=object)


def _clusters(buildings: _Shapes, tree: shapely.STRtree) -> npt.NDArray[np.int64]:
    """Return for each building the number of the first of those whose interiors meet."""
    root = np.arange(len(buildings))
    if not len(buildings):
        return root
    one, other = tree.query(buildings, predicate="intersects")
    one, other = one[one < other], other[one < other]
    meets = shapely.relate_pattern(buildings[one], buildings[other], "T********")
    for first, second in zip(one[meets].tolist(), other[meets].tolist(), strict=True):
        low, high = sorted((_root(root, first), _root(root, second)))
        root[high] = low
    return np.array([_root(root, number) for number in range(len(root))], dtype=np.int64)


def _root(root: npt.NDArray[np.int64], number: int) -> int:
    while root[number] != number:
        number = int(root[number])
    return number


def _draft(outline: BaseGeometry, scene: _Scene, target: float) -> _Draft:
    """Find blocks, join small ones, cut large ones."""
    scale = _scale(outline)
    near = np.sort(scene.line_tree.query(outline, predicate="intersects"))
    faces = _faces([outline.boundary, *scene.lines[near]], outline)
    areas = Areas.of(faces, scale, _strength_of(scene, near))
    side = math.sqrt(target) / 100
    groups = join_small(
        areas, least=_LEAST_SHARE * target, most=_MOST_SHARE * target, least_width=_LEAST_WIDTH_M * side
    )
    blocks = [shapely.coverage_union_all(faces[group]) for group in groups]
    pieces: list[BaseGeometry] = []
    seams: list[BaseGeometry] = []
    for block in blocks:
        parted, cuts = _cut(block, scene, scale, target)
        pieces += parted
        seams += [block.boundary, *cuts]
    return _Draft(pieces=pieces, seams=seams)


def _cut(
    block: BaseGeometry, scene: _Scene, scale: tuple[float, float], target: float
) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Cut a block in metres and bring pieces and cuts back to units."""
    within = np.sort(scene.building_tree.query(block, predicate="intersects"))
    flat, *buildings = [shapely.transform(shape, lambda c: c * scale) for shape in (block, *scene.buildings[within])]
    piece = Piece(shape=flat, buildings=tuple(buildings))
    found = cut_block(piece, target_area=target, most=_MOST_SHARE * target)
    pieces, seams = ([shapely.transform(shape, lambda c: c / scale) for shape in shapes] for shapes in found)
    return pieces, seams


def _strength_of(
    scene: _Scene, near: npt.NDArray[np.int64]
) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    tree = shapely.STRtree(scene.lines[near])
    strengths = scene.strengths[near]

    def strength(middles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found = np.zeros(len(middles))
        at, line = tree.query(shapely.points(middles), predicate="dwithin", distance=2.0)
        np.maximum.at(found, at, strengths[line])
        return found

    return strength


def _faces(lines: Sequence[BaseGeometry], outline: BaseGeometry) -> _Shapes:
    """Part the plane by all lines at once, rounded to whole units as a whole, and keep what lies inside.

    One arrangement is what makes neighbours share every node: rounding each by itself would part them.
    """
    arrangement = shapely.union_all(list(lines), grid_size=1)
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(arrangement).tolist()))
    shapely.prepare(outline)
    inside = found[shapely.contains(outline, shapely.point_on_surface(found))]
    return np.array(sorted(inside, key=_corners), dtype=object)


def _settle(outlines: _Shapes, drafts: Sequence[_Draft], scene: _Scene, target: float) -> list[list[BaseGeometry]]:
    """Make the final cells of all communities from one arrangement, stepping around buildings."""
    pieces = np.array([piece for draft in drafts for piece in draft.pieces], dtype=object)
    owners = np.array([number for number, draft in enumerate(drafts) for _ in draft.pieces])
    crossed = _crossed(pieces, scene)
    walls = shapely.boundary(scene.buildings[crossed])
    seams = [seam for draft in drafts for seam in draft.seams]
    borders = shapely.boundary(outlines)
    arrangement = shapely.union_all([*borders, *seams, *walls], grid_size=1)
    arrangement = settle_on_borders(arrangement, borders, walls)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(arrangement).tolist()))
    faces = np.array(sorted(faces, key=_corners), dtype=object)
    middles = shapely.point_on_surface(faces)
    home = _home(outlines, middles)
    settled = []
    for number, outline in enumerate(outlines):
        mine = np.flatnonzero(home == number)
        labels = _labels(faces[mine], middles[mine], pieces[owners == number], scene, crossed)
        settled.append(_cells(faces[mine], labels, _scale(outline), target))
    return settled


def _crossed(pieces: _Shapes, scene: _Scene) -> npt.NDArray[np.int64]:
    """Find the buildings that lie in or close to more than one piece, with all of their cluster.

    Close, because the end of a seam may yet move along a border, and the seam sweeps over what is beside it.
    """
    if not len(scene.buildings):
        return np.array([], dtype=np.int64)
    building = shapely.STRtree(pieces).query(scene.buildings, predicate="dwithin", distance=REACH + 1.0)[0]
    counts = np.bincount(scene.clusters[building], minlength=len(scene.buildings))
    # A cluster may be counted once for each member: too many are harmless, too few are not.
    return np.flatnonzero(counts[scene.clusters] > 1)


def _home(outlines: _Shapes, middles: _Shapes) -> npt.NDArray[np.int64]:
    """Return the community of each face, -1 for none."""
    home: npt.NDArray[np.int64] = np.full(len(middles), -1, dtype=np.int64)
    face, outline = shapely.STRtree(outlines).query(middles, predicate="within")
    home[face[::-1]] = outline[::-1]
    return home


def _labels(
    faces: _Shapes, middles: _Shapes, pieces: _Shapes, scene: _Scene, crossed: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Give each face the number of the piece it lies in; the faces of a building that of most of it."""
    nearest = shapely.STRtree(pieces).query_nearest(middles, all_matches=False)[1]
    labels: npt.NDArray[np.int64] = nearest.astype(np.int64)
    if not len(crossed):
        return labels
    face, building = shapely.STRtree(scene.buildings[crossed]).query(middles, predicate="within")
    clusters = scene.clusters[crossed]
    held: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in zip(face.tolist(), building.tolist(), strict=True):
        held[int(clusters[other])].add(one)
    for _, members in sorted(held.items()):
        for joined in _connected(faces, sorted(members)):
            labels[joined] = _largest(labels[joined].tolist(), shapely.area(faces[joined]).tolist())
    return labels


def _largest(labels: Sequence[int], areas: Sequence[float]) -> int:
    """Return the label that holds the most area, the lowest of equals."""
    votes: defaultdict[int, float] = defaultdict(float)
    for label, area in zip(labels, areas, strict=True):
        votes[label] += area
    return max(votes, key=lambda label: (votes[label], -label))


def _connected(faces: _Shapes, members: list[int]) -> list[list[int]]:
    """Part faces into those that hang together by edges."""
    if len(members) == 1:
        return [members]
    areas = Areas.of(faces[members], (1.0, 1.0), None)
    return [[members[n] for n in group] for group in areas.components([0] * len(members))]


def _cells(
    faces: _Shapes, labels: npt.NDArray[np.int64], scale: tuple[float, float], target: float
) -> list[BaseGeometry]:
    """Join the faces of each label that hang together, then what is too small."""
    areas = Areas.of(faces, scale, None)
    together = areas.components(labels.tolist())
    joined = areas.joined(together)
    side = math.sqrt(target) / 100
    groups = join_small(
        joined, least=_LEAST_CELL_SHARE * target, most=_MOST_SHARE * target, least_width=_LEAST_CELL_WIDTH_M * side
    )
    return [shapely.coverage_union_all(faces[[face for part in group for face in together[part]]]) for group in groups]


def _numbered(community: Feature, shapes: Sequence[BaseGeometry], target: float) -> Iterator[Feature]:
    if len(shapes) > MAX_SEQUENCE:
        raise invalid("communities", "too_many_cells", community=community.code, cells=len(shapes))
    _, _, _, north = to_shape(community.geometry).bounds
    _, metres_north = _scale(to_shape(community.geometry))
    high = max(1, round(math.sqrt(target) / metres_north))
    placed = sorted((reading_place(shape, round(north), high), shape.wkb, shape) for shape in shapes)
    for sequence, (_, _, shape) in enumerate(placed, start=1):
        yield Feature(
            code=cell_code(community.code, sequence),
            name=f"{community.name} {sequence:03d}".strip(),
            layer=UNIT_LAYER,
            geometry=from_shape(shape),
            valid_from=community.valid_from,
            valid_to=community.valid_to,
            parent=community.code,
        )


def reading_place(shape: BaseGeometry, north: int, high: int) -> tuple[int, int, int]:
    """Say where a cell comes in reading order; see ``make_cells``.

    All in whole numbers: the middle of the bounding box is doubled instead of halved.

    Parameters
    ----------
    north, high
        Latitude of the northernmost point and height of a row, in units.

    Examples
    --------
    >>> reading_place(shapely.box(10, 80, 20, 90), 100, 50)
    (0, 30, -170)
    """
    west, south, east, top = (round(side) for side in shape.bounds)
    return (2 * north - south - top) // (2 * high), west + east, -(south + top)


def _scale(outline: BaseGeometry) -> tuple[float, float]:
    _, south, _, north = outline.bounds
    return metres_per_unit((south + north) / 2)


def _corners(face: BaseGeometry) -> list[list[float]]:
    return sorted(shapely.get_coordinates(face).tolist())
