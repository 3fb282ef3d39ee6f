"""Small made-up photos: the same usage and scene always give the same bytes, so that a repeated upload is recognised.

There are few scenes on purpose: equal bytes are kept once, and a month of photos would otherwise be drawn and forced
to the disk one by one.
"""

import functools
import io
from random import Random

from PIL import Image, ImageDraw

from gridcase.domain.case import AttachmentUsage

_SIZE = (160, 120)
_HORIZON = 70
_QUALITY = 70
_SCENES = 12

#: Sky and ground of each usage: dusk when filed, noon when handled, evening when checked.
_LIGHT = {
    AttachmentUsage.FILE: ((196, 208, 222), (112, 112, 118)),
    AttachmentUsage.VERIFY: ((188, 214, 230), (120, 120, 124)),
    AttachmentUsage.HANDLE: ((170, 205, 238), (142, 142, 146)),
    AttachmentUsage.CHECK: ((236, 214, 178), (130, 128, 124)),
    AttachmentUsage.SELF_HANDLED: ((176, 210, 236), (138, 138, 142)),
    AttachmentUsage.OTHER: ((206, 206, 210), (118, 118, 120)),
}
#: What was in the way still stands there.
_BEFORE = (AttachmentUsage.FILE, AttachmentUsage.VERIFY, AttachmentUsage.OTHER)


def photo(usage: AttachmentUsage, seed: int) -> bytes:
    """Draw a street with houses, one of a few by the seed; what was in the way stands on it before it was handled."""
    return _scene(usage, seed % _SCENES)


@functools.cache
def _scene(usage: AttachmentUsage, scene: int) -> bytes:
    rng = Random(scene)
    sky, ground = _LIGHT[usage]
    picture = Image.new("RGB", _SIZE, sky)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, _HORIZON, *_SIZE), fill=ground)
    for left in range(0, _SIZE[0], 32):
        shade = rng.randint(90, 200)
        draw.rectangle((left, rng.randint(20, 50), left + 28, _HORIZON), fill=(shade, shade - 20, shade - 35))
    obstacles = [(rng.randint(5, 120), rng.randint(76, 100), rng.randint(10, 30)) for _ in range(4)]
    if usage in _BEFORE:
        for left, top, wide in obstacles:
            draw.rectangle((left, top, left + wide, top + wide // 2), fill=(168, 60 + wide, 40))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()
