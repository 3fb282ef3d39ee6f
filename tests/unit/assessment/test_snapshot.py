"""Frozen facts come back exactly, and what is no snapshot is told from one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.assessment.casesheet import CaseDetails
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import Frames, frames_of
from gridcase.assessment.snapshot import (
    FRAMES,
    Snapshot,
    SnapshotUnreadableError,
    archive,
    facts_digest,
    read_snapshot,
    snapshot_members,
    unpack,
)
from gridcase.domain.place import Datum
from tests.histories import MONDAY
from tests.unit.assessment.test_counts import cities

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


def snapshot(frames: Frames, details: tuple[CaseDetails, ...] = ()) -> Snapshot:
    return Snapshot(meta={"period": "2026-10"}, around={"area": "街"}, details=details, frames=frames, extra={})


def same(one: Frames, other: Frames) -> bool:
    return all(getattr(one, name).to_native().equals(getattr(other, name).to_native()) for name in FRAMES)


@given(cities(), st.lists(st.tuples(texts, texts), max_size=4))
def test_what_was_frozen_is_read_back_exactly(histories, names):
    events = [event for history in histories for event in history.events]
    frames = frames_of(fold(events, cut_off=MONDAY.replace(year=2027)))
    details = tuple(
        CaseDetails(number=number, type_name=name, lon=Decimal("119.9551230"), lat=Decimal("31.7"), datum=Datum.WGS84)
        for number, name in names
    )
    members = snapshot_members(snapshot(frames, details))
    found = read_snapshot(unpack(archive(members)))
    assert same(found.frames, frames)
    assert (found.details, found.around, found.meta["period"]) == (details, {"area": "街"}, "2026-10")
    assert facts_digest(unpack(archive(members))) == facts_digest(members)


def test_an_empty_text_is_not_the_same_as_none():
    details = (CaseDetails(number="1", type_name=""), CaseDetails(number="2", type_name='"\\N",\r\n='))
    members = snapshot_members(snapshot(frames_of(fold([], cut_off=MONDAY)), details))
    assert read_snapshot(members).details == details


def test_facts_that_differ_have_another_digest():
    nothing = frames_of(fold([], cut_off=MONDAY))
    first = snapshot_members(snapshot(nothing))
    second = snapshot_members(snapshot(nothing, (CaseDetails(number="1"),)))
    assert facts_digest(first) != facts_digest(second)


@pytest.mark.parametrize("name", ["facts.json", "around.json", "details.csv", *(f"{one}.csv" for one in FRAMES)])
@pytest.mark.parametrize("change", ["missing", "cut", "other"])
def test_a_member_that_is_missing_or_damaged_is_told(name, change):
    members = snapshot_members(snapshot(frames_of(fold([], cut_off=MONDAY)), (CaseDetails(number="1"),)))
    if change == "missing":
        del members[name]
    elif change == "cut":
        members[name] = members[name][: len(members[name]) // 2]
    else:
        members[name] = b"\xff\xfe"
    with pytest.raises(SnapshotUnreadableError):
        read_snapshot(members)
