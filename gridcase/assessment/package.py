"""The monthly package: canonical JSON and CSV with a manifest, in an archive that is equal byte for byte.

Renders what it is given and checks what it reads; it signs nothing, sends nothing and asks no clock. Rules:
domain §6, "The monthly export", and design §3, "Same bytes".
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gridcase.assessment.counts import SubjectCounts, count_names
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import ScoreLine, SubjectScore
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.assessment.sheets import Sheet, columns, json_bytes, rfc3339, sheet_csv, sheet_json
from gridcase.domain.errors import Problem
from gridcase.domain.time import Period

MANIFEST = "manifest.json"
FORMAT = "gridcase-month/1"
#: The earliest date that an archive can hold: no clock reaches the bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A version of something the figures rest on.

    Parameters
    ----------
    kind, name, version
        For instance ``calendar``, ``default``, ``3``.
    digest
        SHA-256 in hexadecimal.
    """

    kind: str
    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """The counts of one view.

    Parameters
    ----------
    by, attribution
        As counted. Of posts, the package names the role alone and adds its persons up.
    """

    by: CountBy
    attribution: Attribution
    rows: tuple[SubjectCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """The scores under one rule set.

    Parameters
    ----------
    document
        Body of the rule set as canonical JSON; ``digest`` is that of this text.
    """

    rule_set: RuleSet
    document: str
    digest: str
    scores: tuple[SubjectScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPackage:
    """Everything that is handed over for one period.

    Parameters
    ----------
    area
        Area code of the office, for instance a street's 9 characters.
    period, cut_off
        What was counted, and as of when. Instants are written in the period's zone.
    references
        Calendar, grid, catalogue and other versions, each with its digest.
    counts
        At most one table per view.
    scores
        At most one table per rule set; a rule set that judges posts is refused, because it names persons.
    cases
        Made by ``gridcase.assessment.casesheet.case_sheet``; without rows in a nil month.
    history_head
        Newest sealed root of the history, in hexadecimal.
    """

    area: str
    period: Period
    cut_off: datetime
    references: tuple[Reference, ...]
    counts: tuple[CountTable, ...]
    scores: tuple[ScoreTable, ...]
    cases: Sheet
    history_head: str


def package_bytes(package: MonthPackage) -> bytes:
    """Write the archive: the manifest first, then the members by name, all stored.

    Equal packages give equal bytes on every machine, whatever the order of references, counts and scores.

    Raises
    ------
    ValueError
        When two tables would have the same name, or a rule set judges posts.
    """
    members = _members(package)
    return _archive({MANIFEST: json_bytes(_manifest(package, members)), **members})


def verify_package(source: Path | bytes) -> tuple[Problem, ...]:
    """Check every member against the manifest, and the archive's own form; nothing found means unchanged.

    The manifest itself is taken at its word: that it is ours is for the signature to say. Problems:
    ``package_unreadable``, ``manifest_missing``, ``manifest_invalid``, and by ``member`` ``member_missing``,
    ``member_unlisted``, ``member_twice``, ``member_changed``; ``package_repacked`` when all members are right
    but the archive around them is not as we write it.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    try:
        members, repeated = _read(data)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        return (Problem(code="package_unreadable"),)
    if MANIFEST not in members:
        return (Problem(code="manifest_missing"),)
    listed = _listed(members[MANIFEST])
    if listed is None:
        return (Problem(code="manifest_invalid"),)
    problems = [Problem(code="member_twice", params={"member": name}) for name in repeated]
    problems += _compare(members, listed)
    if not problems and _archive(members) != data:
        problems.append(Problem(code="package_repacked"))
    return tuple(problems)


def _members(package: MonthPackage) -> dict[str, bytes]:
    zone = package.period.zone
    files: dict[str, bytes] = {}
    for sheet in _sheets(package):
        if f"{sheet.name}.csv" in files:
            raise ValueError(f"two tables named {sheet.name}")
        files[f"{sheet.name}.csv"] = sheet_csv(sheet, zone=zone)
        files[f"{sheet.name}.json"] = sheet_json(sheet, zone=zone)
    for table in package.scores:
        files[f"rule-set-{table.rule_set.name}.json"] = f"{table.document}\n".encode()
    return dict(sorted(files.items()))


def _sheets(package: MonthPackage) -> Iterable[Sheet]:
    yield package.cases
    for counted in package.counts:
        yield _count_sheet(counted)
    for scored in package.scores:
        if scored.rule_set.subject is CountBy.POST:
            raise ValueError("scores of posts name persons and are not exported")
        yield _score_sheet(scored)
        yield _line_sheet(scored)


def _count_sheet(table: CountTable) -> Sheet:
    names = count_names(table.by)
    rows = _by_role(table.rows) if table.by is CountBy.POST else table.rows
    ordered = sorted(rows, key=lambda row: (row.subject is None, row.subject or ""))
    return Sheet(
        name=f"counts-{table.by}",
        columns=columns(subject="code", **dict.fromkeys(names, "number")),
        rows=tuple((row.subject, *(row.counts.get(name, 0) for name in names)) for row in ordered),
    )


def _by_role(rows: Iterable[SubjectCounts]) -> list[SubjectCounts]:
    """Add the persons of each role up: the package names no staff."""
    totals: dict[str | None, dict[str, int]] = {}
    for row in rows:
        role = row.subject.partition("/")[0] if row.subject else None
        total = totals.setdefault(role, {})
        for name, number in row.counts.items():
            total[name] = total.get(name, 0) + number
    return [SubjectCounts(subject=role, counts=total) for role, total in totals.items()]


def _score_sheet(table: ScoreTable) -> Sheet:
    rule_set = table.rule_set
    return Sheet(
        name=f"scores-{rule_set.name}",
        columns=columns(subject="code", score="number", rank="number", rule_set="code", version="code"),
        rows=tuple(
            (one.subject, one.score, one.rank, rule_set.name, rule_set.version) for one in _ranked(table.scores)
        ),
    )


_LINE_COLUMNS = columns(
    subject="code",
    line="number",
    rule_set="code",
    version="code",
    clause="text",
    indicator="code",
    term="code",
    kind="code",
    numerator_name="code",
    numerator="number",
    denominator_name="code",
    denominator="number",
    exact="code",
    shown="number",
    against="code",
)


def _line_sheet(table: ScoreTable) -> Sheet:
    return Sheet(
        name=f"score-lines-{table.rule_set.name}",
        columns=_LINE_COLUMNS,
        rows=tuple(
            (one.subject, position, *_line_cells(line))
            for one in _ranked(table.scores)
            for position, line in enumerate(one.lines, start=1)
        ),
    )


def _line_cells(line: ScoreLine) -> Iterable[Any]:
    return (getattr(line, column.name) for column in _LINE_COLUMNS[2:])


def _ranked(scores: Iterable[SubjectScore]) -> list[SubjectScore]:
    return sorted(scores, key=lambda one: (one.rank is None, one.rank or 0, one.subject))


def _manifest(package: MonthPackage, members: Mapping[str, bytes]) -> dict[str, object]:
    period = package.period
    references = sorted(package.references, key=lambda one: (one.kind, one.name, one.version))
    return {
        "format": FORMAT,
        "area": package.area,
        "period": period.name,
        "from": rfc3339(period.start, period.zone),
        "to": rfc3339(period.end, period.zone),
        "cut_off": rfc3339(package.cut_off, period.zone),
        "history_head": package.history_head,
        "attributions": {table.by: table.attribution for table in package.counts},
        "rule_sets": [
            {"name": table.rule_set.name, "version": table.rule_set.version, "sha256": table.digest}
            for table in sorted(package.scores, key=lambda table: table.rule_set.name)
        ],
        "references": [
            {"kind": one.kind, "name": one.name, "version": one.version, "sha256": one.digest} for one in references
        ],
        "members": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in members.items()
        },
    }


def _archive(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_STORED) as archive:
        for name in sorted(members, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, members[name])
    return out.getvalue()


def _read(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Read members with their names; a name that occurs again is listed and its later content not taken."""
    members: dict[str, bytes] = {}
    repeated: list[str] = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                # We store; unpacking what somebody else compressed could fill the memory.
                raise ValueError(entry.filename)
            if entry.filename in members:
                repeated.append(entry.filename)
                continue
            members[entry.filename] = _content(archive, entry)
    return members, repeated


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(entry)
    except zipfile.BadZipFile:
        return b""  # its checksum is wrong, so it differs from the manifest as well: a changed member


def _listed(manifest: bytes) -> dict[str, tuple[str, int]] | None:
    """Read name, digest and size of each member; None when the manifest is not one of ours."""
    try:
        document = json.loads(manifest)
        if document["format"] != FORMAT:
            return None
        listed = {str(name): (one["sha256"], one["size"]) for name, one in document["members"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    is_sound = all(
        isinstance(digest, str) and _DIGEST.fullmatch(digest) and isinstance(size, int)
        for digest, size in listed.values()
    )
    return listed if is_sound else None


def _compare(members: Mapping[str, bytes], listed: Mapping[str, tuple[str, int]]) -> Iterable[Problem]:
    for name in sorted(members.keys() | listed.keys()):
        if name == MANIFEST:
            continue
        if name not in listed:
            yield Problem(code="member_unlisted", params={"member": name})
        elif name not in members:
            yield Problem(code="member_missing", params={"member": name})
        elif (hashlib.sha256(members[name]).hexdigest(), len(members[name])) != listed[name]:
            yield Problem(code="member_changed", params={"member": name})
