"""Compact answers: JSON without blanks, compressed where whoever asks takes it, because no proxy may stand in front.

For what is large and read by scripts: layers, points, what a phone is told. Nothing in them is a secret that a guess in
the same answer could be compared with.
"""

import gzip
import json
from functools import lru_cache

from flask import Response, make_response, request

#: Below this many bytes it is not worth it.
_SMALL = 1024
_LEVEL = 5


def compact_json(value: object) -> bytes:
    """Write a value as JSON without blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def compact_answer(body: bytes, *, is_kept: bool = False) -> Response:
    """Answer with JSON, compressed where it is taken and worth it; equal bodies give equal bytes.

    Parameters
    ----------
    is_kept
        The caller keeps the body and will answer with it again: it is compressed once.
    """
    is_zipped = len(body) > _SMALL and request.accept_encodings.quality("gzip") > 0
    zipped = _zipped_once if is_kept else _zipped
    answer = make_response(zipped(body) if is_zipped else body)
    answer.mimetype = "application/json"
    if is_zipped:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer


def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


_zipped_once = lru_cache(maxsize=16)(_zipped)
