"""A picture of a grid: outlines and what was found in them, as SVG text or PNG bytes, north up.

Draws what it is given and decides nothing. A flat drawing by the metric of the middle latitude; findings narrower
than a line are drawn as a ring around their place, so that a gap of a centimetre can be seen on a map of a district.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from gridcase.grid.metric import metres_per_unit

_MARGIN = 24
_LEGEND_LINE = 20
_RING = 9
#: A PNG is drawn larger and shrunk, because Pillow draws lines without smoothing.
_OVERSAMPLING = 2

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """How shapes look.

    Parameters
    ----------
    name
        In the legend; empty for none.
    fill, line
        Colours as ``#rrggbb``; None is not drawn.
    width
        Of the line in pixels.
    ringed
        Whether a ring is put around each shape too small to be seen.
    """

    name: str
    fill: str | None = None
    line: str | None = None
    width: float = 1.0
    ringed: bool = False


@dataclass(slots=True, kw_only=True)
class Picture:
    """Shapes in units of 1e-7 degree, drawn in the order added.

    Parameters
    ----------
    wide
        Width in pixels.
    title
        One line above; may be empty.
    """

    wide: int = 1400
    title: str = ""
    _shapes: list[tuple[Stroke, Sequence[BaseGeometry]]] = field(default_factory=list)
    _labels: list[tuple[float, float, str]] = field(default_factory=list)

    def add(self, stroke: Stroke, shapes: Iterable[BaseGeometry]) -> None:
        """Put shapes on top of those before; none at all still gives a line in the legend."""
        self._shapes.append((stroke, tuple(shapes)))

    def label(self, shape: BaseGeometry, text: str) -> None:
        """Write a word in the middle of a shape."""
        at = shapely.point_on_surface(shape)
        self._labels.append((at.x, at.y, text))

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        frame = self._frame()
        return "\n".join(
            (
                _svg_head(self.wide, frame.high),
                f"<title>{escape(self.title)}</title>",
                f'<rect width="{self.wide}" height="{frame.high}" fill="#ffffff"/>',
                *self._svg_shapes(frame),
                *(
                    f'<text x="{x:.1f}" y="{y + 3:.1f}" font-size="10" text-anchor="middle" fill="#333333">'
                    f"{escape(text)}</text>"
                    for x, y, text in self._placed_labels(frame)
                ),
                *self._svg_legend(),
                "</svg>",
                "",
            )
        )

    def png(self) -> bytes:
        """Return the picture as a PNG; letters that the machine's fonts lack are left out of it."""
        frame = self._frame()
        big = _OVERSAMPLING
        image = Image.new("RGB", (self.wide * big, frame.high * big), "#ffffff")
        draw = ImageDraw.Draw(image)
        for stroke, shapes in self._shapes:
            for shape in shapes:
                _paint(draw, stroke, shape, frame, big)
        small, large = _font(10 * big), _font(14 * big)
        for x, y, text in self._placed_labels(frame):
            draw.text((x * big, y * big), _printable(text, small), fill="#333333", font=small, anchor="mm")
        draw.text((_MARGIN * big, 6 * big), _printable(self.title, large), fill="#000000", font=large)
        for y, stroke, count in self._legend():
            box = [_MARGIN * big, y * big, (_MARGIN + 14) * big, (y + 12) * big]
            draw.rectangle(box, fill=stroke.fill, outline=stroke.line, width=big)
            text = _printable(f"{stroke.name} ({count})", large)
            draw.text(((_MARGIN + 22) * big, (y - 2) * big), text, fill="#000000", font=large)
        shrunk = image.resize((self.wide, frame.high), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        shrunk.save(out, format="PNG", optimize=True)
        return out.getvalue()

    def _legend(self) -> Iterator[tuple[int, Stroke, int]]:
        named = [(stroke, len(shapes)) for stroke, shapes in self._shapes if stroke.name]
        for row, (stroke, count) in enumerate(named):
            yield _MARGIN + 8 + row * _LEGEND_LINE, stroke, count

    def _frame(self) -> "_Frame":
        head = 2 * _MARGIN + _LEGEND_LINE * sum(bool(stroke.name) for stroke, _ in self._shapes)
        boxes = [shape.bounds for _, shapes in self._shapes for shape in shapes if not shape.is_empty]
        if not boxes:
            return _Frame(west=0, north=0, x_scale=0, y_scale=0, head=head, high=head)
        west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
        east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
        metres_east, metres_north = metres_per_unit((south + north) / 2)
        scale = (self.wide - 2 * _MARGIN) / max((east - west) * metres_east, (north - south) * metres_north / 2, 1e-9)
        high = round((north - south) * metres_north * scale) + head + _MARGIN
        return _Frame(
            west=west, north=north, x_scale=metres_east * scale, y_scale=metres_north * scale, head=head, high=high
        )

    def _placed_labels(self, frame: "_Frame") -> Iterator[tuple[float, float, str]]:
        for x, y, text in self._labels:
            yield (*frame.place(x, y), text)

    def _svg_shapes(self, frame: "_Frame") -> Iterator[str]:
        for stroke, shapes in self._shapes:
            look = f"fill={quoteattr(stroke.fill or 'none')} stroke={quoteattr(stroke.line or 'none')}"
            yield f'<g {look} stroke-width="{stroke.width}" stroke-linejoin="round" fill-rule="evenodd">'
            for shape in shapes:
                path = "".join(_path(ring, is_closed=is_closed) for ring, is_closed in frame.rings(shape))
                yield f'<path d="{path}"/>'
                if stroke.ringed and frame.is_small(shape):
                    x, y = frame.middle(shape)
                    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RING}" fill="none" stroke-width="2"/>'
            yield "</g>"

    def _svg_legend(self) -> Iterator[str]:
        yield f'<text x="{_MARGIN}" y="20" font-weight="bold">{escape(self.title)}</text>'
        for y, stroke, count in self._legend():
            fill, line = stroke.fill or "none", stroke.line or "none"
            yield f'<rect x="{_MARGIN}" y="{y}" width="14" height="12" fill="{fill}" stroke="{line}"/>'
            yield f'<text x="{_MARGIN + 22}" y="{y + 11}">{escape(stroke.name)} ({count})</text>'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The way from units of 1e-7 degree to pixels."""

    west: float
    north: float
    x_scale: float
    y_scale: float
    head: int
    high: int

    def place(self, x: float, y: float) -> Point:
        return (x - self.west) * self.x_scale + _MARGIN, (self.north - y) * self.y_scale + self.head

    def rings(self, shape: BaseGeometry) -> Iterator[tuple[list[Point], bool]]:
        for part in shapely.get_parts(shape):
            if isinstance(part, shapely.Polygon):
                for ring in (part.exterior, *part.interiors):
                    yield [self.place(x, y) for x, y in shapely.get_coordinates(ring).tolist()], True
            else:
                yield [self.place(x, y) for x, y in shapely.get_coordinates(part).tolist()], False

    def is_small(self, shape: BaseGeometry) -> bool:
        """Whether it is narrower than two pixels, and so invisible or nearly so."""
        west, south, east, north = shape.bounds
        length = (east - west) * self.x_scale + (north - south) * self.y_scale
        return bool(shape.area * self.x_scale * self.y_scale < 2 * max(length, 2))

    def middle(self, shape: BaseGeometry) -> Point:
        at = shapely.point_on_surface(shape)
        return self.place(at.x, at.y)


def _svg_head(wide: int, high: int) -> str:
    font = 'font-family="Noto Sans CJK SC, Microsoft YaHei, sans-serif" font-size="14"'
    size = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>'


def _path(points: Sequence[Point], *, is_closed: bool) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if is_closed else "")


def _paint(draw: ImageDraw.ImageDraw, stroke: Stroke, shape: BaseGeometry, frame: _Frame, big: int) -> None:
    width = max(1, round(stroke.width * big))
    rings = [([(x * big, y * big) for x, y in ring], is_closed) for ring, is_closed in frame.rings(shape)]
    if stroke.fill:
        for part in shapely.get_parts(shape):
            if isinstance(part, shapely.Polygon):
                _fill(draw, stroke.fill, [ring for ring, _ in frame.rings(part)], big)
    if stroke.line:
        for ring, _ in rings:
            for start, end in pairwise(ring):
                draw.line([start, end], fill=stroke.line, width=width)
        if stroke.ringed and frame.is_small(shape):
            x, y = (value * big for value in frame.middle(shape))
            radius = _RING * big
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=stroke.line, width=2 * big)


def _fill(draw: ImageDraw.ImageDraw, colour: str, rings: Sequence[Sequence[Point]], big: int) -> None:
    """Fill one polygon; its holes are cut out by a way there and back, which Pillow fills by the even-odd rule."""
    outline = [(x * big, y * big) for x, y in rings[0]]
    for hole in rings[1:]:
        outline += [(x * big, y * big) for x, y in hole] + [outline[0]]
    draw.polygon(outline, fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in ("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "msyh.ttc", "DejaVuSans.ttf"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _printable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Leave out what a font without Chinese would draw as boxes."""
    family = font.getname()[0] if isinstance(font, ImageFont.FreeTypeFont) else ""
    has_chinese = family is not None and any(word in family for word in ("CJK", "MicroHei", "YaHei"))
    return text if has_chinese else text.encode("ascii", "ignore").decode()
