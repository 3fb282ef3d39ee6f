"""Whatever is done to a package is found, and a package that was only packed anew is unchanged."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment import container
from gridcase.assessment.archive import MANIFEST, SIGNATURE, canonical_digest, package_bytes
from gridcase.assessment.proof import Verdict, manifest_of, verify_package
from gridcase.assessment.sheets import json_bytes
from gridcase.assessment.signing import SigningKey, new_key
from tests.packed_months import HISTORIES, KEY, NOVEMBER, WHOLE, members, month, packed

#: With the renderings, so that every kind of member is there.
FULL = package_bytes(month(*HISTORIES), key=KEY)
FILES = members(FULL)


def verdict(data: bytes) -> Verdict:
    return verify_package(data, KEY.public)


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in verdict(data).problems]


def zipped(files: dict[str, bytes], *extra: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=method) as archive:
        for name, data in [*files.items(), *extra]:
            archive.writestr(name, data)
    return out.getvalue()


def test_an_unchanged_package_is_proven_from_file_and_key_alone(tmp_path: Path):
    file = tmp_path / "month.zip"
    file.write_bytes(FULL)
    found = verify_package(file, KEY.public)

    assert found.problems == ()
    assert found.is_signed
    assert found.manifest["period"] == "2026-10"
    assert manifest_of(file) == found.manifest


def test_a_nil_month_is_proven_too():
    assert verdict(packed(month(period=NOVEMBER))).problems == ()


def test_without_a_key_nobody_is_proven_to_have_made_it():
    found = verify_package(FULL, None)

    assert found.problems == ()
    assert not found.is_signed


REPACKED: dict[str, Callable[[], bytes]] = {
    "in another order": lambda: zipped(dict(reversed(FILES.items()))),
    "compressed": lambda: zipped(FILES, method=zipfile.ZIP_DEFLATED),
    "with folders as entries": lambda: zipped({"facts/": b"", **FILES}),
    "with other dates": lambda: redated(FILES),
    "streamed, sizes behind the data": lambda: streamed(FILES),
}


def redated(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (name, data) in enumerate(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=(2026, 11, 1 + number % 28, 9, 0, 0)), data)
    return out.getvalue()


class OneWay(io.RawIOBase):
    """A file that cannot go back, so that sizes have to follow the data."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += bytes(data)
        return len(data)


def streamed(files: dict[str, bytes]) -> bytes:
    out = OneWay()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.data


@pytest.mark.parametrize("how", REPACKED)
def test_a_package_that_was_only_packed_anew_is_unchanged(how):
    data = REPACKED[how]()

    assert data != FULL
    assert verdict(data).problems == ()


@pytest.mark.parametrize("name", [name for name in FILES if name not in (MANIFEST, SIGNATURE)])
def test_a_change_to_any_member_is_found(name):
    content = FILES[name]
    others = {other: data for other, data in FILES.items() if other != name}

    assert codes(zipped({**FILES, name: content + b" "})) == ["member_changed"]
    assert codes(zipped({**FILES, name: content[:-1]})) == ["member_changed"]
    assert codes(zipped({**FILES, name: bytes([content[0] ^ 1]) + content[1:]})) == ["member_changed"]
    assert codes(zipped(others)) == ["member_missing"]
    assert sorted(codes(zipped({**others, f"{name}2": content}))) == ["member_missing", "member_unlisted"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", FILES)
def test_a_member_that_comes_twice_is_found_whatever_it_says(name):
    for content in (FILES[name], b"other"):
        assert "member_twice" in codes(zipped(FILES, (name, content))) or name == MANIFEST
        assert codes(zipped(FILES, (name, content))) != []


def test_something_added_is_found():
    assert codes(zipped({**FILES, "more.txt": b""})) == ["member_unlisted"]
    assert codes(zipped({**FILES, "../more.txt": b"x"})) == ["member_unlisted"]
    assert codes(zipped({**FILES, "more/": b""})) == ["member_unlisted"]


def test_bytes_beside_the_members_are_found():
    assert codes(b"PK" + FULL) == ["package_hides"]
    assert codes(FULL + b"more") == ["package_hides"]
    with zipfile.ZipFile(io.BytesIO(FULL)) as archive:
        start = archive.start_dir
    hidden = FULL[:start] + b"hidden" + FULL[start:-6] + struct.pack("<L", start + 6) + FULL[-2:]
    assert codes(hidden) == ["package_hides"]


def test_another_key_is_found_though_the_manifest_names_ours():
    forged = package_bytes(month(*HISTORIES), key=new_key(), with_renderings=False)
    assert codes(forged) == ["signature_wrong"]
    assert verify_package(forged, None).problems == ()  # consistent in itself: only the key tells

    files = members(WHOLE)
    assert codes(zipped({**files, SIGNATURE: new_key().sign(files[MANIFEST])})) == ["signature_wrong"]
    assert codes(zipped({**files, SIGNATURE: b"short"})) == ["signature_wrong"]
    assert codes(zipped({name: data for name, data in files.items() if name != SIGNATURE})) == ["signature_missing"]
    assert codes(resigned(manifest=lambda one: one | {"key_id": "f" * 64})) == ["key_differs"]


def test_an_edited_manifest_is_found():
    files = members(WHOLE)
    edited = json_bytes(json.loads(files[MANIFEST]) | {"period": "2026-09"})

    assert codes(zipped({**files, MANIFEST: edited})) == ["signature_wrong"]
    for content in (b"[]", b"", b"{", files[MANIFEST] + b" ", files[MANIFEST].replace(b"month/2", b"month/9")):
        assert codes(zipped({**files, MANIFEST: content})) == ["manifest_invalid"]
    assert codes(zipped({name: data for name, data in files.items() if name != MANIFEST})) == ["manifest_missing"]


@pytest.mark.parametrize("data", [b"", b"not an archive", WHOLE[:500], WHOLE[200:]])
def test_what_is_no_archive_is_unreadable(data):
    assert codes(data) == ["package_unreadable"]


def test_what_is_made_to_fill_the_memory_is_not_unpacked(monkeypatch):
    bomb = zipped({**members(WHOLE), "cases.csv": b"0" * 20_000_000}, method=zipfile.ZIP_DEFLATED)
    assert codes(bomb) == ["package_too_large"]
    monkeypatch.setattr(container, "MOST_MEMBERS", 10)
    assert codes(WHOLE) == ["package_too_large"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found_or_changes_no_content(position, difference):
    changed = bytearray(WHOLE)
    changed[position] ^= difference

    if verdict(bytes(changed)).problems == ():
        assert members(bytes(changed)) == members(WHOLE)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE)), st.binary(min_size=1, max_size=40), st.integers(0, 40))
def test_bytes_put_in_or_cut_out_are_found_or_change_no_content(position, added, cut):
    changed = WHOLE[:position] + added + WHOLE[position + cut :]

    if verdict(changed).problems == ():
        assert members(changed) == members(WHOLE)


# --- figures that do not follow, signed with the right key ---------------------------------------------------------


def resigned(
    tables: dict[str, Callable[[list[dict[str, object]]], list[dict[str, object]]]] | None = None,
    *,
    manifest: Callable[[dict[str, object]], dict[str, object]] = lambda one: one,
    key: SigningKey = KEY,
    both: bool = True,
) -> bytes:
    """Make a package that says something else, consistently hashed and signed by the right key."""
    files = members(WHOLE)
    listed = json.loads(files[MANIFEST])
    for name, change in (tables or {}).items():
        rows = change(json.loads(files[f"{name}.json"]))
        files[f"{name}.json"] = json_bytes(rows)
        if both:
            forms = listed["tables"][name]["columns"]
            lines = [",".join(one["name"] for one in forms)]
            lines += [",".join(_cell(row[one["name"]], one["form"]) for one in forms) for row in rows]
            files[f"{name}.csv"] = ("\r\n".join(lines) + "\r\n").encode()
            listed["tables"][name]["rows"] = len(rows)
    for name in listed["members"]:
        listed["members"][name] |= {"sha256": hashlib.sha256(files[name]).hexdigest(), "size": len(files[name])}
    listed["canonical"] = canonical_digest((name, one["sha256"]) for name, one in listed["members"].items())
    files[MANIFEST] = json_bytes(manifest(listed))
    files[SIGNATURE] = key.sign(files[MANIFEST])
    return zipped(files)


def _cell(value: object, form: str) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return f"'{value}" if form == "text" and str(value).startswith(("=", "+", "-", "@")) else str(value)


def edit(row: int, **cells: object) -> Callable[[list[dict[str, object]]], list[dict[str, object]]]:
    return lambda rows: [one | cells if number == row else one for number, one in enumerate(rows)]


WRONG = [
    # tables changed, what is found
    ({"score-lines-trial": edit(0, exact="99/1")}, "lines_do_not_sum"),
    ({"score-lines-trial": lambda rows: rows[1:]}, "lines_do_not_sum"),
    ({"score-lines-trial": lambda rows: [*rows, rows[-1]]}, "line_missing"),
    ({"ranking-trial": edit(0, score="99.00")}, "lines_do_not_sum"),
    ({"ranking-trial": edit(0, rank=2)}, "ranks_do_not_follow"),
    ({"ranking-trial": edit(1, rank=1)}, "ranks_do_not_follow"),
    ({"ranking-trial": edit(1, rank=7)}, "ranks_do_not_follow"),
    ({"ranking-trial": lambda rows: rows[:1]}, "ranking_differs"),
    ({"indicators-trial": edit(0, points="1/1")}, "lines_do_not_sum"),
    ({"score-line-cases-trial": lambda _: [{"subject": "U1", "line": 1, "case": "C9"}]}, "line_case_unknown"),
    ({"summary": edit(0, value=99)}, "summary_differs"),
    ({"cases": edit(0, due="yes")}, "table_unreadable"),
    ({"cases": edit(0, more="x")}, "table_differs"),
]


def test_the_way_of_forging_changes_nothing_by_itself():
    assert codes(resigned()) == []
    assert codes(resigned({"cases": edit(0)})) == []


@pytest.mark.parametrize(("tables", "code"), WRONG)
def test_figures_that_do_not_follow_are_found_though_signed(tables, code):
    assert code in codes(resigned(tables))


def test_csv_and_json_that_differ_are_found_though_signed():
    assert codes(resigned({"cases": edit(0, unit="U9")}, both=False)) == ["table_differs"]
    assert codes(resigned({"cases": lambda rows: rows[1:]}, both=False)) == ["table_differs"]
    assert codes(resigned({"cases": lambda rows: rows + rows[:1]}, both=False)) == ["table_differs"]


def test_another_rule_set_than_the_manifest_names_is_found():
    other = [{"name": "trial", "version": "1", "subject": "unit", "sha256": "0" * 64}]

    assert codes(resigned(manifest=lambda one: one | {"rule_sets": other})) == ["rule_set_differs"]
