"""What somebody says when filing a case, located and checked for form, before any rule is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gridcase.domain.case import AttachmentId, Source, TypeKey
from gridcase.domain.place import GeoPoint, Location
from gridcase.workflow.requests import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiling:
    """A filing.

    Parameters
    ----------
    position
        Where the finder says it is, WGS 84 with accuracy; None for an address only.
    location, layers
        What the grid answered; None and empty without a position.
    texts
        Address, place, description: erasable, never deciding anything.
    observed_at
        The device's instant; evidence beside the server's.
    is_self_handled
        The inspector did it on the spot: photos before and after come with the filing.
    object_id
        Code of the component; campaign the case was found in.
    """

    type: TypeKey
    source: Source
    condition: str | None = None
    position: Position | None = None
    location: Location | None = None
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    observed_at: datetime | None = None
    attachments: tuple[AttachmentId, ...] = ()
    is_self_handled: bool = False
    object_id: str | None = None
    campaign: str | None = None

    @property
    def point(self) -> GeoPoint | None:
        """The WGS 84 point, if any."""
        return self.position.point if self.position else None
