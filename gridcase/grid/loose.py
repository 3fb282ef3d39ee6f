"""What does a layer file hold when every feature is read by itself: repeated and malformed codes keep their places.

For checking only; ``gridcase.grid.reading`` decides what an import takes, and its rules for shapes hold here too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gridcase.grid.datums import System, system_of
from gridcase.grid.features import Feature
from gridcase.grid.files import LayerFile, read_layer
from gridcase.grid.quality import Defect, DefectKind
from gridcase.grid.reading import CodeScheme, Finding, LayerSpec, RawFeature, RawGeometry, Reason, take_features

_KINDS = {
    Reason.CODE_MISSING: DefectKind.CODE_MISSING,
    Reason.CODE_MALFORMED: DefectKind.CODE_MALFORMED,
    Reason.RING_TOO_SHORT: DefectKind.RING_INVALID,
    Reason.RING_CROSSES: DefectKind.RING_INVALID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseLayer:
    """What was read, one feature for each of the file that has a usable shape, and what was said of the others."""

    features: tuple[Feature, ...]
    defects: tuple[Defect, ...]


def read_loosely(file: LayerFile, spec: LayerSpec) -> LooseLayer:
    """Read each feature by itself: nothing is merged, no code is refused for its form.

    Raises
    ------
    InvalidInputError
        As ``read_layer`` does on the file as a whole.
    """
    free = replace(spec, scheme=CodeScheme.FREE)
    # The first feature alone proves that the file can be read this way: its system and its properties.
    read_layer(replace(file, features=file.features[:1]), free)
    system = system_of(spec.crs or file.crs or "")
    features: list[Feature] = []
    defects: list[Defect] = []
    for number, raw in enumerate(file.features, start=1):
        report = take_features([raw], free, system)
        features += report.features
        defects += _said(raw, number, report.exceptions, system)
    return LooseLayer(features=tuple(features), defects=tuple(defects))


def _said(raw: RawFeature | Reason, number: int, findings: tuple[Finding, ...], system: System) -> Iterator[Defect]:
    for finding in findings:
        kind = _KINDS.get(finding.reason, DefectKind.UNREADABLE) if finding.is_refused else DefectKind.MENDED
        lon, lat = _somewhere(raw, system)
        code = finding.code if not finding.code.startswith("#") else f"#{number}"
        yield Defect(kind=kind, codes=(code,), lon=lon, lat=lat, detail=str(finding.reason))


def _somewhere(raw: RawFeature | Reason, system: System) -> tuple[float | None, float | None]:
    """Return the first position of a shape in degrees, None where there is none or it makes no sense."""
    geometry = raw.geometry if isinstance(raw, RawFeature) else None
    if not isinstance(geometry, RawGeometry):
        return None, None
    first = next((ring[:1] for part in geometry.parts for ring in part if len(ring)), None)
    if first is None or not np.isfinite(first).all():
        return None, None
    lon, lat = system.to_wgs84(first)[0].tolist()
    is_place = np.isfinite([lon, lat]).all() and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 - degrees
    return (round(lon, 7), round(lat, 7)) if is_place else (None, None)
