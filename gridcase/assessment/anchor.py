"""The root that a month prints of the history it rests on, so that whoever receives it holds the anchor.

Words only; how a root is computed and checked is ``gridcase.services.steps.roots``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnchor:
    """A root over the history.

    Parameters
    ----------
    number
        1 for the first root of the instance.
    lines
        How many lines are under it and the roots before it.
    root
        In hexadecimal.
    """

    number: int
    lines: int
    root: str
