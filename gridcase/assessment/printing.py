"""The base counts as a page for people: what ``docs/counts.md`` holds.

Pure text from ``gridcase.assessment.counts.GROUPS``; ``gridcase docs counts`` prints it, and a test keeps the file
equal to it. How a month is counted around them is ``docs/assessment.md``.
"""

from collections.abc import Iterator

from gridcase.assessment.counts import GROUPS, CountGroup
from gridcase.assessment.selection import CountBy

_HEADER = """\
# The base counts

This page is printed by `gridcase docs counts` from the table in `gridcase/assessment/counts.py`, where every count has
its one definition; a test keeps the two equal. [assessment.md](assessment.md) says how a month is counted.

*Into the month by* names the instant that puts a volume count into the period. Where it says *attribution*, the count
is an outcome: the attribution of the rule set (or of `--attribution`) chooses the period. In a view that is not named,
a count has no meaning and does not appear.
"""


def counts_page() -> str:
    """Return the whole page, ended by a line feed; equal tables give equal text."""
    return "\n".join(
        [_HEADER, "| count | 中文 | English | into the month by | views |", "|---|---|---|---|---|", *_rows()]
    )


def _rows() -> Iterator[str]:
    for group in GROUPS:
        for one in group.definitions:
            yield f"| `{one.name}` | {one.zh} | {one.en} | {_moment(group)} | {_views(group)} |"
    yield ""


def _moment(group: CountGroup) -> str:
    return f"`{group.moment}`" if group.moment else "attribution"


def _views(group: CountGroup) -> str:
    return ", ".join(f"`{by}`" for by in CountBy if by in group.subjects)
