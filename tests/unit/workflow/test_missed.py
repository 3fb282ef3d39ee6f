"""Which superior's cases were missed, the case that was beside the one that was not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gridcase.domain.case import CaseState, Source
from gridcase.workflow.missed import is_missed
from gridcase.workflow.recurrence import Occurrence
from tests.cases import FIRE_LANE, HAWKER, POINT, local

NINE = local("2026-10-13 09:00")
FOUND = Occurrence(
    id=9,
    type=FIRE_LANE,
    state=CaseState.RECEIVED,
    point=POINT,
    object_id=None,
    observed_at=NINE,
    source=Source.SUPERIOR,
)
OWN = replace(FOUND, id=1, source=Source.INSPECTOR, observed_at=NINE - timedelta(hours=1))


def metres_north(metres):
    return replace(POINT, lat_e7=POINT.lat_e7 + round(metres / 111_195 * 1e7))


@pytest.mark.parametrize(
    ("changes", "clears"),
    [
        ({}, True),
        ({"observed_at": NINE - timedelta(hours=24)}, True),  # both limits included
        ({"observed_at": NINE - timedelta(hours=24, seconds=1)}, False),
        ({"observed_at": NINE}, True),
        ({"observed_at": NINE + timedelta(seconds=1)}, False),  # after the superior saw it
        ({"point": metres_north(49.9)}, True),
        ({"point": metres_north(50.2)}, False),
        ({"point": None}, False),
        ({"type": HAWKER}, False),
        ({"source": Source.SUPERIOR}, False),
        ({"source": Source.HOTLINE}, True),  # whoever told of it
        ({"state": CaseState.CLOSED}, True),
        ({"state": CaseState.VOID}, False),
        ({"id": 9}, False),
    ],
)
def test_a_case_of_ours_clears_us_only_near_enough_and_soon_enough_before(changes, clears):
    assert is_missed(FOUND, []) is True
    assert is_missed(FOUND, [replace(OWN, **changes)]) is not clears


@pytest.mark.parametrize(
    "changes",
    [{"source": Source.INSPECTOR}, {"state": CaseState.VOID}, {"state": CaseState.TRANSFERRED}, {"point": None}],
)
def test_only_a_superior_s_standing_and_located_case_can_have_been_missed(changes):
    assert is_missed(replace(FOUND, **changes), []) is False
