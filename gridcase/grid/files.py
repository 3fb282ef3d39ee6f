"""What does a file of a layer hold: GeoJSON, GeoPackage or Shapefile, loose, zipped or gzipped, told by content.

Opens and unpacks within limits and reads everything into memory or refuses the file as a whole; what is accepted of
it is decided in ``gridcase.grid.reading``. GDAL (pyogrio) reads the two binary formats from a private folder only.
"""

import gzip
import sqlite3
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyproj
from pyproj.exceptions import CRSError

from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.grid.datums import system_of
from gridcase.grid.geojson import named_system, read_text, stated_system
from gridcase.grid.reading import ImportReport, LayerSpec, RawFeature, Reason, take_features
from gridcase.grid.text_bytes import asked_encoding, encoding_of_table, read_bytes, read_document
from gridcase.grid.wkb import read_wkb

#: Bytes of one file when unpacked, unless the caller allows more.
DEFAULT_MOST_BYTES = 100_000_000

#: An archive of a layer has a handful of members.
_MOST_MEMBERS = 1_000
#: Tables padded with blanks shrink a hundredfold; beyond this and some megabytes it is a bomb.
_MOST_RATIO, _RATIO_FROM_BYTES = 200, 20_000_000

_SHAPEFILE = ("shp", "shx", "dbf", "prj", "cpg")
_JSON_NAMES = ("geojson", "json")
_CHUNK = 1 << 20
_MOST_PRJ = 20_000
_SHP_HEAD = 100
_GZIP, _ZIP, _SQLITE, _SHP = b"\x1f\x8b", b"PK\x03\x04", b"SQLite format 3\x00", b"\x00\x00\x27\x0a"


Watch = Callable[[Iterable[RawFeature | Reason]], Iterable[RawFeature | Reason]]


class _Readable(Protocol):
    """Anything bytes come from."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How to open a file.

    Parameters
    ----------
    source_layer
        Which of several layers of the file; None when there is one.
    encoding
        Encoding of texts as asked for; None leaves it to the file.
    most_bytes
        Bytes that the unpacked file may have.
    """

    source_layer: str | None = None
    encoding: str | None = None
    most_bytes: int = DEFAULT_MOST_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFile:
    """A layer as a file holds it, nothing judged yet.

    Parameters
    ----------
    kind
        ``GeoJSON``, ``GPKG`` or ``ESRI Shapefile``.
    source_layer
        Name of the layer in the file; empty where it has none.
    crs
        ``EPSG:n`` or a datum that the file declares; None when it declares none.
    stated_crs
        What the file says in its own words, for the refusal when that is nothing known; ``-`` for nothing.
    encoding
        Encoding of its texts.
    names
        Names of the properties, in order.
    features
        Its features.
    """

    kind: str
    source_layer: str
    crs: str | None
    stated_crs: str
    encoding: str
    names: tuple[str, ...]
    features: Sequence[RawFeature | Reason]


def read_layer(file: LayerFile, spec: LayerSpec, watch: Watch = iter) -> ImportReport:
    """Take the features of an opened file; see ``take_features`` for what is accepted.

    ``watch`` goes through the features of the file and may tell somebody how far it is.

    Raises
    ------
    InvalidInputError
        On the file as a whole: ``crs_must_be_named``, ``crs_unknown`` or ``crs_inexact`` (field ``crs``),
        ``field_not_in_file`` (``code_field``, ``name_field`` …).
    """
    crs = spec.crs or file.crs
    if crs is None:
        raise invalid("crs", "crs_must_be_named", crs=file.stated_crs)
    system = system_of(crs)
    if file.features:
        _check_fields(file, spec)
    return take_features(watch(file.features), spec, system)


def open_layer(path: Path, opening: Opening | None = None) -> LayerFile:
    """Open a file and read its layer.

    Raises
    ------
    InvalidInputError
        On the field ``file``, ``source_layer`` or ``encoding``: it is empty, of an unknown kind, damaged, cut off,
        too large, no safe archive, or does not say which layer or encoding is meant.
    """
    how = opening or Opening()
    asked_encoding(how.encoding)
    with tempfile.TemporaryDirectory(prefix="gridcase-") as folder:
        return _open(path, how, Path(folder))


def _open(path: Path, how: Opening, folder: Path) -> LayerFile:
    try:
        with path.open("rb") as file:
            start = file.read(16)
            if start.startswith(_GZIP):
                return _open(_unzipped(path, how, folder), how, folder)
            if start.startswith(_ZIP):
                return _open_zip(file, how, folder)
        if start.startswith(_SQLITE):
            return _read_geopackage(_alone(path, how, folder), how)
        if start.startswith(_SHP) or path.suffix.lower() in {".shp", ".shx", ".dbf", ".prj", ".cpg"}:
            return _read_shapefile(_gathered(path, how, folder), how, path.stem)
        return _read_geojson(_checked_size(path, how), how)
    except OSError as err:
        raise invalid("file", "layer_file_damaged", part=err.strerror or path.name) from None


def _check_fields(file: LayerFile, spec: LayerSpec) -> None:
    """Refuse a property that no feature has: that is a slip of the pen, not a thousand features without a code."""
    wanted = {
        "code_field": spec.code_field,
        "name_field": spec.name_field,
        "parent_field": spec.parent_field,
        "valid_from_field": spec.valid_from_field,
        "valid_to_field": spec.valid_to_field,
    }
    for field_name, name in wanted.items():
        pieces = [] if name is None else [name] if name in file.names else name.split(",")
        if any(piece.strip() not in file.names for piece in pieces):
            raise invalid(field_name, "field_not_in_file", names=", ".join(file.names)[:300] or "-")


# ---- unpacking


def _checked_size(path: Path, how: Opening) -> Path:
    size = path.stat().st_size
    if size == 0:
        raise invalid("file", "layer_file_empty")
    if size > how.most_bytes:
        raise _too_large(how)
    return path


def _too_large(how: Opening) -> InvalidInputError:
    return invalid("file", "layer_file_too_large", allowed=max(1, how.most_bytes // 1_000_000))


def _unzipped(path: Path, how: Opening, folder: Path) -> Path:
    """Unpack a gzip; within it another is not looked for."""
    target = folder / "unpacked"
    if target.exists():
        raise invalid("file", "archive_suspicious", part="gzip in gzip")
    size = path.stat().st_size
    fair = max(_RATIO_FROM_BYTES, _MOST_RATIO * size)
    too_much = _too_large(how) if fair >= how.most_bytes else _bomb(fair, size)
    try:
        with gzip.open(path, "rb") as packed:
            _copy(packed, target, min(fair, how.most_bytes), too_much)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise invalid("file", "layer_file_damaged", part=path.name) from None
    return target


def _bomb(size: int, packed: int) -> InvalidInputError:
    return invalid("file", "archive_suspicious", part=f"1:{size // max(packed, 1)}")


def _copy(source: _Readable, target: Path, room: int, too_much: InvalidInputError) -> int:
    """Copy at most so many bytes, counting what really comes instead of believing what was announced."""
    copied = 0
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            copied += len(chunk)
            if copied > room:
                raise too_much
            out.write(chunk)
    return copied


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A layer in an archive: its name and its members by extension."""

    name: str
    members: Mapping[str, zipfile.ZipInfo]

    @property
    def is_shapefile(self) -> bool:
        return "shp" in self.members


def _open_zip(file: BinaryIO, how: Opening, folder: Path) -> LayerFile:
    if (folder / "layer").exists():
        raise invalid("file", "archive_suspicious", part="zip in zip")
    (folder / "layer").mkdir()
    try:
        with zipfile.ZipFile(file) as archive:
            candidate = _chosen(_candidates(archive, how), how)
            room = how.most_bytes
            for extension, member in candidate.members.items():
                with archive.open(member) as packed:
                    room -= _copy(packed, folder / "layer" / f"layer.{extension}", room, _too_large(how))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, UnicodeDecodeError):
        raise invalid("file", "layer_file_damaged", part="zip") from None
    except RuntimeError:  # what zipfile says of a member that needs a password
        raise invalid("file", "archive_encrypted") from None
    if candidate.is_shapefile:
        return _read_shapefile(folder / "layer" / "layer.shp", how, candidate.name)
    [path] = (folder / "layer").iterdir()
    # The layer asked for may be the file in the archive or, in a GeoPackage, a layer of it.
    return _open(path, how, folder)


def _candidates(archive: zipfile.ZipFile, how: Opening) -> list[_Candidate]:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise invalid("file", "archive_suspicious", part=f"> {_MOST_MEMBERS}")
    total, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
    if total > _RATIO_FROM_BYTES and total > _MOST_RATIO * packed:
        raise _bomb(total, packed)
    if total > how.most_bytes:
        raise _too_large(how)
    found: defaultdict[str, dict[str, zipfile.ZipInfo]] = defaultdict(dict)
    names: dict[str, str] = {}
    for member in members:
        name = PurePosixPath(_member_name(member).replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise invalid("file", "archive_suspicious", part=_printable(str(name)))
        extension = name.suffix.lower().lstrip(".")
        is_junk = "__MACOSX" in name.parts or name.name.startswith("._")
        if not member.is_dir() and not is_junk and extension in (*_SHAPEFILE, *_JSON_NAMES, "gpkg"):
            # A GeoJSON beside a Shapefile of the same name is a layer of its own.
            key = str(name.with_suffix("")).lower() if extension in _SHAPEFILE else str(name)
            found[key][extension] = member
            names[key] = name.stem if extension in _SHAPEFILE else name.name
    return [
        _Candidate(name=names[key], members=found[key])
        for key in sorted(found)
        if not found[key].keys() <= {"shx", "dbf", "prj", "cpg"}
    ]


def _member_name(member: zipfile.ZipInfo) -> str:
    """Name of a member; Windows writes it in its own encoding and says nothing, and zipfile reads code page 437."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _chosen(candidates: Sequence[_Candidate], how: Opening) -> _Candidate:
    if not candidates:
        raise invalid("file", "no_layer_in_file")
    if len(candidates) == 1 and not candidates[0].is_shapefile:
        return candidates[0]
    names = ", ".join(_printable(one.name) for one in candidates)[:300]
    if how.source_layer is None and len(candidates) > 1:
        raise invalid("source_layer", "source_layer_must_be_named", names=names)
    fitting = [one for one in candidates if how.source_layer in (None, one.name, PurePosixPath(one.name).stem)]
    if len(fitting) != 1:
        raise invalid("source_layer", "source_layer_must_be_named" if fitting else "source_layer_unknown", names=names)
    return fitting[0]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:80]


def _alone(path: Path, how: Opening, folder: Path) -> Path:
    """Copy a database away from where GDAL would leave files beside it."""
    target = folder / "layer.gpkg"
    with _checked_size(path, how).open("rb") as source:
        _copy(source, target, how.most_bytes, _too_large(how))
    return target


def _gathered(path: Path, how: Opening, folder: Path) -> Path:
    """Copy a loose Shapefile with its siblings, whatever the case of their extensions, under one plain name."""
    room = how.most_bytes
    stem = path.stem.lower()
    siblings = {one.suffix.lower().lstrip("."): one for one in path.parent.iterdir() if one.stem.lower() == stem}
    for extension in _SHAPEFILE:
        if extension in siblings:
            with siblings[extension].open("rb") as source:
                room -= _copy(source, folder / f"layer.{extension}", room, _too_large(how))
    return folder / "layer.shp"


# ---- reading


def _read_geojson(path: Path, how: Opening) -> LayerFile:
    raw = path.read_bytes()
    if raw.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:1] not in (b"{", b"["):
        raise invalid("file", "layer_file_unknown")
    document = read_text(read_document(raw, asked=asked_encoding(how.encoding)))
    names = dict.fromkeys(
        name for feature in document.features if isinstance(feature, RawFeature) for name in feature.fields
    )
    crs: str | None
    try:
        crs = named_system(document.crs)
    except InvalidInputError:
        crs = None
    return LayerFile(
        kind="GeoJSON",
        source_layer="",
        crs=crs,
        stated_crs="WGS 84" if document.crs is None else stated_system(document.crs),
        encoding="utf-8",
        names=tuple(names),
        features=document.features,
    )


def _read_geopackage(path: Path, how: Opening) -> LayerFile:
    _check_database(path)
    layers = [str(name) for name, kind in _ogr(_gdal().list_layers, path).tolist() if kind is not None]
    if not layers:
        raise invalid("file", "no_layer_in_file")
    names = ", ".join(_printable(name) for name in layers)[:300]
    if how.source_layer is None and len(layers) > 1:
        raise invalid("source_layer", "source_layer_must_be_named", names=names)
    layer = how.source_layer if how.source_layer is not None else layers[0]
    if layer not in layers:
        raise invalid("source_layer", "source_layer_unknown", names=names)
    meta, _, shapes, columns = _ogr(_gdal().raw.read, path, layer=layer)
    return _ogr_file(meta, shapes, _columns(meta, columns, None), kind="GPKG", layer=layer, encoding="utf-8")


def _check_database(path: Path) -> None:
    """Refuse a GeoPackage with damaged pages, of which GDAL leaves rows out."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            [(found,)] = database.execute("PRAGMA quick_check(1)").fetchall()
    except (sqlite3.Error, ValueError):
        found = ""
    if found != "ok":
        raise invalid("file", "layer_file_damaged", part=".gpkg")


def _read_shapefile(path: Path, how: Opening, layer: str) -> LayerFile:
    for extension in ("shp", "dbf"):
        if not path.with_suffix(f".{extension}").exists():
            raise invalid("file", "shapefile_part_missing", part=f".{extension}")
    rows, deleted = _check_table(path.with_suffix(".dbf"))
    _check_shapes(path, rows)
    prj = path.with_suffix(".prj")
    stated = prj.read_bytes()[:_MOST_PRJ].decode("utf-8-sig", "replace").strip("\x00 \r\n\t") if prj.exists() else None
    prj.unlink(missing_ok=True)  # GDAL stumbles over letters in it that are not UTF-8
    # Latin-1 gives the bytes of every text unchanged; GDAL's own decoding replaces what does not fit, silently.
    meta, _, shapes, columns = _ogr(_gdal().raw.read, path, encoding="ISO-8859-1")
    if len(shapes) != rows - deleted:
        raise invalid("file", "layer_file_damaged", part=".shp")
    encoding = _encoding(path, [meta["fields"], *columns], how)
    names = [read_bytes(name.encode("latin-1"), encoding) for name in meta["fields"]]
    fields = _columns({**meta, "fields": names}, columns, encoding)
    known = {**meta, "crs": stated}
    return _ogr_file(known, shapes, fields, kind="ESRI Shapefile", layer=layer, encoding=encoding)


def _encoding(path: Path, columns: Sequence[Any], how: Opening) -> str:
    cpg = path.with_suffix(".cpg")
    declared = cpg.read_bytes()[:80].decode("ascii", "replace").strip("\ufeff \r\n\t\x00") if cpg.exists() else None
    with path.with_suffix(".dbf").open("rb") as table:
        language = table.read(32)[29]
    texts = {text.encode("latin-1") for column in columns for text in column if isinstance(text, str)}
    return encoding_of_table(texts, asked=asked_encoding(how.encoding), declared=declared, language=language)


def _check_table(path: Path) -> tuple[int, int]:
    """Count the rows of a DBF and those marked as deleted, refusing one that is shorter than it says."""
    raw = path.read_bytes()
    if len(raw) < 32:  # noqa: PLR2004 - the fixed part of the header
        raise invalid("file", "layer_file_damaged", part=".dbf")
    rows, start, width = struct.unpack("<IHH", raw[4:12])
    # The last row may lack its end mark.
    if start <= 32 or width == 0 or len(raw) < start + rows * width - 1:  # noqa: PLR2004
        raise invalid("file", "layer_file_damaged", part=".dbf")
    return rows, raw[start : start + rows * width : width].count(b"*")


def _check_shapes(path: Path, rows: int) -> None:
    """Refuse an SHP that is cut off; make its index anew where it is missing or wrong."""
    raw = path.read_bytes()
    if len(raw) < _SHP_HEAD or not raw.startswith(_SHP) or struct.unpack(">I", raw[24:28])[0] * 2 > len(raw):
        raise invalid("file", "layer_file_damaged", part=".shp")
    index = path.with_suffix(".shx")
    if index.exists() and _is_index(index.read_bytes(), raw, rows):
        return
    records = list(_records(raw))
    if len(records) != rows:
        raise invalid("file", "layer_file_damaged", part=".shp")
    head = raw[:24] + struct.pack(">I", _SHP_HEAD // 2 + 4 * rows) + raw[28:_SHP_HEAD]
    index.write_bytes(head + np.array(records, dtype=">u4").tobytes())


def _is_index(index: bytes, raw: bytes, rows: int) -> bool:
    """Whether every entry leads to a record of its length; records may stand in any order and leave room between."""
    if len(index) != _SHP_HEAD + 8 * rows:
        return False
    entries = np.frombuffer(index, dtype=">u4", offset=_SHP_HEAD).astype(np.int64).reshape(-1, 2) * 2
    is_inside = (entries[:, 0] >= _SHP_HEAD) & (entries.sum(axis=1) + 8 <= len(raw))
    return bool(is_inside.all()) and all(
        struct.unpack_from(">I", raw, start + 4)[0] * 2 == length for start, length in entries.tolist()
    )


def _records(raw: bytes) -> Iterator[tuple[int, int]]:
    """Offset and length of the records as they follow one another, in words of two bytes; ends at a broken one."""
    at = _SHP_HEAD
    while at + 8 <= len(raw):
        (words,) = struct.unpack_from(">I", raw, at + 4)
        if at + 8 + words * 2 > len(raw):
            return
        yield at // 2, words
        at += 8 + words * 2


def _gdal() -> Any:
    import pyogrio  # noqa: PLC0415 - web processes import this module, and GDAL only with a file that needs it

    return pyogrio


def _ogr(call: Any, path: Path, **options: Any) -> Any:
    """Ask GDAL; whatever it dislikes is a damaged file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(path, **options)
    except (RuntimeError, ValueError, OSError, LookupError, NameError):
        # The NameError is pyogrio's own, over a reference system in letters that are not UTF-8.
        raise invalid("file", "layer_file_damaged", part=path.suffix) from None


def _columns(meta: Mapping[str, Any], columns: Sequence[Any], encoding: str | None) -> dict[str, list[object]]:
    return {
        str(name): [_plain(value, encoding) for value in column.tolist()]
        for name, column in zip(meta["fields"], map(_dated, columns), strict=True)
    }


def _dated(column: Any) -> Any:
    """Days and times become ISO texts, of days alone the day."""
    if not np.issubdtype(column.dtype, np.datetime64):
        return column
    days = column.astype("datetime64[D]")
    texts = np.where(days == column, days.astype(str), column.astype(str)).astype(object)
    texts[np.isnat(column)] = None
    return texts


def _plain(value: object, encoding: str | None) -> object:
    if isinstance(value, str):
        return value if encoding is None else read_bytes(value.encode("latin-1"), encoding)
    return value


def _ogr_file(
    meta: Mapping[str, Any], shapes: Sequence[bytes | None], fields: Mapping[str, list[object]], **said: str
) -> LayerFile:
    crs, stated = _known_crs(meta["crs"])
    return LayerFile(
        kind=said["kind"],
        source_layer=said["layer"],
        crs=crs,
        stated_crs=stated,
        encoding=said["encoding"],
        names=tuple(fields),
        features=list(_raw_features(shapes, fields)),
    )


def _known_crs(text: str | None) -> tuple[str | None, str]:
    """Find the number of what the file declares in the register, and its own words for it."""
    if not text:
        return None, "-"
    try:
        system = pyproj.CRS.from_user_input(text)
        number = system.to_epsg(min_confidence=70)
    except CRSError:
        return None, _printable(text)
    return (None if number is None else f"EPSG:{number}"), _printable(system.name)


def _raw_features(shapes: Sequence[bytes | None], fields: Mapping[str, list[object]]) -> Iterator[RawFeature]:
    names = list(fields)
    rows: Any = zip(*fields.values(), strict=True) if names else ((),) * len(shapes)
    for shape, row in zip(shapes, rows, strict=True):
        yield RawFeature(fields=dict(zip(names, row, strict=True)), geometry=read_wkb(shape))
