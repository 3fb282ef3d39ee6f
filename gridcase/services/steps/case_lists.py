"""The cases behind the numbers of a run, as a file beside the run: written by the month's job, read by pages.

A zip with one member for each subject, so that a page reads its own subject's alone, and no column engine. It proves
nothing and is not part of the package: a run without it still has its scores and lines.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridcase.assessment.behind import Behind, Listed, behind
from gridcase.assessment.rulesets import RuleSet
from gridcase.domain.case import CaseNumber
from gridcase.services.steps.instance import Instance
from gridcase.services.steps.packing import MonthContent

_INDEX = "index.json"
#: Equal lists give equal bytes, so that they are kept once.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLists:
    """The cases behind the numbers of one subject.

    Parameters
    ----------
    terms
        By ``indicator/term``: the places of its own selection and of each of its multipliers.
    lists
        By place and count (``0/closed``).
    """

    terms: Mapping[str, tuple[int, ...]]
    lists: Mapping[str, Listed]

    def cases(self, indicator: str, term: str, count: str, *, turn: int = 0) -> Listed:
        """Return the cases of a count as a term reads it; ``turn`` 1 and up is one of its multipliers."""
        places = self.terms.get(f"{indicator}/{term}", ())
        return self.lists.get(f"{places[turn]}/{count}", ()) if turn < len(places) else ()


def keep_lists(rt: Instance, rule_set: RuleSet, content: MonthContent) -> str:
    """Keep the lists of a run as a blob and return its SHA-256."""
    return rt.blobs.put(_packed(behind(rule_set, content.frames, content.period)))


def read_lists(rt: Instance, blob: str, subject: str) -> SubjectLists | None:
    """Return the lists of one subject; None where none were kept, or the file is gone."""
    path = rt.blobs.path(blob) if blob else None
    if path is None:
        return None
    with zipfile.ZipFile(path) as packed:
        index = json.loads(packed.read(_INDEX))
        member = index["subjects"].get(subject)
        lists = json.loads(packed.read(member)) if member else {}
    return SubjectLists(
        terms={name: tuple(places) for name, places in index["terms"].items()},
        lists={name: tuple(_case(one) for one in cases) for name, cases in lists.items()},
    )


def _packed(found: Behind) -> bytes:
    members = {subject: f"{number}.json" for number, subject in enumerate(sorted(found.subjects))}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        _add(packed, _INDEX, {"terms": found.terms, "subjects": members})
        for subject, name in members.items():
            lists = found.subjects[subject]
            _add(packed, name, {key: [_plain(one) for one in cases] for key, cases in lists.items()})
    return held.getvalue()


def _add(packed: zipfile.ZipFile, name: str, value: Mapping[str, Any]) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, json.dumps(value, sort_keys=True, separators=(",", ":")))


def _plain(one: tuple[CaseNumber, int]) -> str | list[str | int]:
    """Write a case; nearly all count once, and then the number alone is enough."""
    return one[0] if one[1] == 1 else [one[0], one[1]]


def _case(plain: str | list[Any]) -> tuple[CaseNumber, int]:
    return (CaseNumber(plain), 1) if isinstance(plain, str) else (CaseNumber(plain[0]), int(plain[1]))
