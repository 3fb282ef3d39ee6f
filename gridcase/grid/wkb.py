"""What does a well-known binary say: positions as they stand, also of rings that no geometry library would take.

Reads polygons and lines with or without heights and measures, in the ISO and the extended form, and nothing else.
"""

import struct
from dataclasses import dataclass

import numpy as np

from gridcase.grid.metric import Floats
from gridcase.grid.reading import Kind, RawGeometry, Reason

_LINE, _POLYGON, _MULTI_LINE, _MULTI_POLYGON = 2, 3, 5, 6
_Z_FLAG, _M_FLAG, _SRID_FLAG = 0x80000000, 0x40000000, 0x20000000


def read_wkb(raw: bytes | None) -> RawGeometry | Reason:
    """Read one geometry, or say why it is none of ours."""
    if raw is None:
        return Reason.GEOMETRY_EMPTY
    try:
        return _Cursor(raw).geometry()
    except (struct.error, ValueError):
        return Reason.COORDINATES_MALFORMED


@dataclass(slots=True)
class _Cursor:
    raw: bytes
    at: int = 0
    has_heights: bool = False

    def geometry(self) -> RawGeometry | Reason:
        order, kind, width = self._head()
        if kind in (_LINE, _POLYGON):
            parts = [self._part(kind, order, width)]
        elif kind in (_MULTI_LINE, _MULTI_POLYGON):
            parts = [self._member() for _ in range(self._number(order))]
        else:
            return Reason.GEOMETRY_TYPE
        is_area = kind in (_POLYGON, _MULTI_POLYGON)
        return RawGeometry(
            kind=Kind.AREA if is_area else Kind.LINE,
            parts=[[ring for ring in part if len(ring)] for part in parts if any(len(ring) for ring in part)],
            has_heights=self.has_heights,
        )

    def _member(self) -> list[Floats]:
        order, kind, width = self._head()
        if kind not in (_LINE, _POLYGON):
            msg = f"no member of a multi-geometry: {kind}"
            raise ValueError(msg)
        return self._part(kind, order, width)

    def _part(self, kind: int, order: str, width: int) -> list[Floats]:
        rings = self._number(order) if kind == _POLYGON else 1
        return [self._positions(order, width) for _ in range(rings)]

    def _head(self) -> tuple[str, int, int]:
        """Byte order, kind, and numbers in a position."""
        order = "<" if self.raw[self.at : self.at + 1] == b"\x01" else ">"
        self.at += 1
        kind = self._number(order)
        extra = bool(kind & _Z_FLAG) + bool(kind & _M_FLAG)
        if kind & _SRID_FLAG:
            self._number(order)
        thousands, kind = divmod(kind & 0x0FFFFFFF, 1000)
        extra += {0: 0, 1: 1, 2: 1, 3: 2}.get(thousands, 0)
        self.has_heights = self.has_heights or extra > 0
        return order, kind, 2 + extra

    def _number(self, order: str) -> int:
        (number,) = struct.unpack_from(f"{order}I", self.raw, self.at)
        self.at += 4
        return int(number)

    def _positions(self, order: str, width: int) -> Floats:
        count = self._number(order)
        values = np.frombuffer(self.raw, dtype=f"{order}f8", count=count * width, offset=self.at)
        self.at += count * width * 8
        return values.reshape(count, width)[:, :2].astype(np.float64)
