"""The month folded line by line is the month folded from objects."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.history import plain_line
from tests.histories import MONDAY, History, closed_case, dispatched_case, minute
from tests.unit.assessment.test_counts import ROADS, cities, class_of

TABLES = ("cases", "assignments", "tasks", "actions")


def native(frames):
    return [getattr(frames, name).to_native() for name in TABLES]


def both(histories, cut_off):
    events = [event for one in histories for event in one.events]
    plain = frames_of(fold(events, cut_off=cut_off), area_class=class_of)
    by_then = [event for event in events if event.recorded_at <= cut_off]
    streamed = fold_frames(map(plain_line, by_then), cut_off=cut_off, area_class=class_of)
    return native(plain), native(streamed)


@settings(max_examples=60)
@given(cities(), st.integers(-2_000, 90_000), st.sampled_from([0, 0.4, 0.9]))
def test_streamed_frames_equal_those_of_rows_at_any_cut_off(histories, minutes, fraction):
    plain, streamed = both(histories, minute(minutes) + timedelta(seconds=fraction))

    assert [one.schema for one in streamed] == [one.schema for one in plain]
    assert all(one.equals(other) for one, other in zip(streamed, plain, strict=True))


def test_a_line_in_the_second_of_the_cut_off_but_after_it_is_left_out():
    history = History().filed(0.008)  # 0.48 seconds after nine
    before, after = (MONDAY + timedelta(seconds=seconds) for seconds in (0.4, 0.5))

    assert both([history], before)[1][0].height == 0
    assert both([history], after)[1][0].height == 1


def test_batches_join_to_the_same_frames(monkeypatch):
    histories = [dispatched_case("C2", layers=ROADS), closed_case("C1"), History("C4").filed(), closed_case("C3")]
    plain, whole = both(histories, minute(9_000))
    monkeypatch.setattr("gridcase.assessment.streaming._BATCH", 1)

    assert all(one.equals(other) for one, other in zip(both(histories, minute(9_000))[1], whole, strict=True))
    assert whole[0].get_column("case").to_list() == ["C1", "C2", "C3", "C4"]
    assert all(one.equals(other) for one, other in zip(whole, plain, strict=True))


def test_lines_out_of_order_are_refused():
    lines = [plain_line(event) for event in reversed(closed_case().events)]

    with pytest.raises(ValueError, match="not in order"):
        fold_frames(lines, cut_off=minute(9_000))


def test_no_lines_give_empty_frames_with_all_columns():
    plain, streamed = both([], minute(0))

    assert [one.columns for one in streamed] == [one.columns for one in plain]
    assert [one.height for one in streamed] == [0, 0, 0, 0]
