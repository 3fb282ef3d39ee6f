"""The package as a file: every member, the manifest over them, the signature over the manifest, in one zip.

Equal packages give equal bytes; members are written one after the other, so that memory does not grow with the month.
No clock and no network. Rule: design §3, "Same bytes".
"""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gridcase import __version__
from gridcase.assessment.columnsheets import AnySheet, ColumnSheet, csv_chunks, json_chunks
from gridcase.assessment.facts_files import write_facts
from gridcase.assessment.package import MonthPackage, sheets_of
from gridcase.assessment.report import NoFontError, write_report
from gridcase.assessment.sheets import json_bytes, rfc3339, sheet_csv, sheet_json
from gridcase.assessment.signing import SigningKey
from gridcase.assessment.workbook import write_workbook
from gridcase.domain.time import Period

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
FORMAT = "gridcase-month/2"
WORKBOOK = "workbook.xlsx"
REPORT = "report.pdf"
#: The earliest date that an archive can hold: no clock reaches the bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of the package while it is being made.

    Parameters
    ----------
    is_canonical
        Part of the truth; otherwise made from it, and different with another version of a library.
    """

    name: str
    path: Path
    sha256: str
    size: int
    is_canonical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What was written.

    Parameters
    ----------
    sha256
        Of the whole file.
    canonical
        SHA-256 over the canonical members' names and digests: equal wherever the same month is packed.
    without
        Renderings that could not be made, and why.
    """

    sha256: str
    canonical: str
    without: dict[str, str]


def write_package(
    package: MonthPackage, path: Path, *, key: SigningKey | None = None, with_renderings: bool = True
) -> Packed:
    """Write a package to a file.

    Parameters
    ----------
    key
        None leaves the package unsigned, for comparing what was made again elsewhere.
    with_renderings
        Workbook, report and Parquet files as well.

    Raises
    ------
    ValueError
        When two tables would have the same name.
    """
    with tempfile.TemporaryDirectory(prefix="gridcase-package-") as held:
        folder = Path(held)
        sheets = list(sheets_of(package))
        members = [_member(folder, *one, is_canonical=True) for one in _canonical(package, sheets)]
        without: dict[str, str] = {}
        if with_renderings:
            members += _renderings(folder, package, sheets, without)
        members.sort(key=lambda one: one.name)
        canonical = canonical_digest((one.name, one.sha256) for one in members if one.is_canonical)
        manifest = json_bytes(_manifest(package, sheets, members, canonical, without, key))
        heads = {MANIFEST: manifest} | ({SIGNATURE: key.sign(manifest)} if key else {})
        _write_zip(path, heads, members)
    return Packed(sha256=file_digest(path), canonical=canonical, without=without)


def package_bytes(package: MonthPackage, *, key: SigningKey | None = None, with_renderings: bool = True) -> bytes:
    """Return a package as bytes; for short months and tests."""
    with tempfile.TemporaryDirectory(prefix="gridcase-package-") as held:
        path = Path(held) / "month.zip"
        write_package(package, path, key=key, with_renderings=with_renderings)
        return path.read_bytes()


def canonical_digest(members: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 over names and digests, a line each, as ``sha256sum`` writes them.

    Examples
    --------
    >>> canonical_digest([("b", "2" * 64), ("a", "1" * 64)]) == canonical_digest([("a", "1" * 64), ("b", "2" * 64)])
    True
    """
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(members))
    return hashlib.sha256(lines.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(package: MonthPackage, sheets: Iterable[AnySheet]) -> Iterator[tuple[str, Iterable[bytes]]]:
    zone = package.period.zone
    for sheet in sheets:
        if isinstance(sheet, ColumnSheet):
            yield f"{sheet.name}.csv", csv_chunks(sheet, zone=zone)
            yield f"{sheet.name}.json", json_chunks(sheet, zone=zone)
        else:
            yield f"{sheet.name}.csv", [sheet_csv(sheet, zone=zone)]
            yield f"{sheet.name}.json", [sheet_json(sheet, zone=zone)]
    for table in package.scores:
        yield f"rule-set-{table.rule_set.name}.json", [f"{table.document}\n".encode()]


def _renderings(
    folder: Path, package: MonthPackage, sheets: list[AnySheet], without: dict[str, str]
) -> Iterator[Member]:
    workbook = folder / "workbook"
    write_workbook(package, sheets, workbook)
    yield _rendered(WORKBOOK, workbook)
    report = folder / "report"
    try:
        write_report(package, sheets, report)
    except NoFontError:
        without[REPORT] = "no_chinese_font"
    else:
        yield _rendered(REPORT, report)
    for name, path in write_facts(package.frames, folder):
        yield _rendered(f"facts/{name}.parquet", path)


def _member(folder: Path, name: str, chunks: Iterable[bytes], *, is_canonical: bool) -> Member:
    path = folder / hashlib.sha256(name.encode()).hexdigest()
    hashed, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            hashed.update(chunk)
            size += len(chunk)
    return Member(name=name, path=path, sha256=hashed.hexdigest(), size=size, is_canonical=is_canonical)


def _rendered(name: str, path: Path) -> Member:
    return Member(name=name, path=path, sha256=file_digest(path), size=path.stat().st_size, is_canonical=False)


def _manifest(
    package: MonthPackage,
    sheets: Iterable[AnySheet],
    members: Iterable[Member],
    canonical: str,
    without: dict[str, str],
    key: SigningKey | None,
) -> dict[str, object]:
    period, standing, anchor = package.period, package.standing, package.anchor
    references = sorted(package.references, key=lambda one: (one.kind, one.name, one.version))
    return {
        "format": FORMAT,
        "software": f"gridcase {__version__}",
        "key_id": key.id if key else None,
        "area": package.area,
        **_span(period),
        "cut_off": rfc3339(package.cut_off, period.zone),
        "draft": standing.is_draft,
        "revision": standing.revision,
        "supersedes": standing.supersedes,
        "history_head": package.history_head,
        "audit": {"number": anchor.number, "lines": anchor.lines, "root": anchor.root} if anchor else None,
        "attributions": {table.by: table.attribution for table in package.counts},
        "rule_sets": [
            {
                "name": table.rule_set.name,
                "version": table.rule_set.version,
                "subject": table.rule_set.subject,
                "sha256": table.digest,
            }
            for table in sorted(package.scores, key=lambda table: table.rule_set.name)
        ],
        "references": [
            {"kind": one.kind, "name": one.name, "version": one.version, "sha256": one.digest} for one in references
        ],
        "tables": {
            sheet.name: {
                "rows": sheet.frame.height if isinstance(sheet, ColumnSheet) else len(sheet.rows),
                "columns": [{"name": column.name, "form": column.form} for column in sheet.columns],
            }
            for sheet in sheets
        },
        "canonical": canonical,
        "without": without,
        "members": {
            one.name: {
                "sha256": one.sha256,
                "size": one.size,
                "kind": "canonical" if one.is_canonical else "rendering",
            }
            for one in members
        },
    }


def _span(period: Period) -> dict[str, object]:
    return {
        "period": period.name,
        "from": rfc3339(period.start, period.zone),
        "to": rfc3339(period.end, period.zone),
    }


def _write_zip(path: Path, heads: dict[str, bytes], members: Iterable[Member]) -> None:
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_STORED) as archive:
        for name, data in heads.items():
            archive.writestr(entry(name), data)
        for one in members:
            info = entry(one.name)
            info.file_size = one.size
            with one.path.open("rb") as source, archive.open(info, "w") as target:
                shutil.copyfileobj(source, target, _CHUNK)


def entry(name: str) -> zipfile.ZipInfo:
    """Return the header of an entry that says nothing of time or place."""
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.create_system = _UNIX
    info.external_attr = _PLAIN_FILE
    return info
