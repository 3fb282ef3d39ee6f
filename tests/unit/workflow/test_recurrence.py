"""Which cases repeat an earlier one, and which only look like it; and the rule as a document."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gridcase.domain.case import CaseKind, CaseState, Scheme, TypeKey
from gridcase.domain.errors import RuleFileError
from gridcase.domain.place import GeoPoint, distance_m
from gridcase.rules.conduct import conduct_document, parse_conduct
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.workflow.recurrence import Nearness, Occurrence, RecurrenceRule, Repeat, repeated
from gridcase.workflow.routing import TypePattern

CLOSED_AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
HERE = GeoPoint.from_degrees(lon=119.95, lat=31.78)
LITTER = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="02001")
HAWKER = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09001")
DAYS = timedelta(days=15)
RULE = RecurrenceRule()


def north(metres: float) -> GeoPoint:
    """Return the point so many metres north of here."""
    return GeoPoint(lon_e7=HERE.lon_e7, lat_e7=HERE.lat_e7 + int(metres / 6_371_008.8 * 57.29577951308232 * 1e7))


EARLIER = Occurrence(
    id=1,
    type=LITTER,
    state=CaseState.CLOSED,
    point=HERE,
    object_id=None,
    observed_at=CLOSED_AT - timedelta(days=1),
    closed_at=CLOSED_AT,
)
NEW = Occurrence(
    id=2,
    type=LITTER,
    state=CaseState.RECEIVED,
    point=HERE,
    object_id=None,
    observed_at=CLOSED_AT + timedelta(days=1),
)
LAMP = "3204040050011234"


@pytest.mark.parametrize(
    ("new", "earlier", "is_repeat"),
    [
        ({}, {}, True),
        # time, to the second
        ({"observed_at": CLOSED_AT + DAYS}, {}, True),
        ({"observed_at": CLOSED_AT + DAYS + timedelta(microseconds=900_000)}, {}, True),
        ({"observed_at": CLOSED_AT + DAYS + timedelta(seconds=1)}, {}, False),
        ({"observed_at": CLOSED_AT}, {}, True),
        ({"observed_at": CLOSED_AT - timedelta(seconds=1)}, {}, False),  # seen while it was still open
        # place
        ({"point": north(29.9)}, {}, True),
        ({"point": north(31)}, {}, False),
        ({"point": None}, {}, False),
        ({}, {"point": None}, False),
        # component
        ({"point": north(500), "object_id": LAMP}, {"object_id": LAMP}, True),
        ({"point": None, "object_id": LAMP}, {"object_id": LAMP}, True),
        ({"point": north(500), "object_id": LAMP}, {"object_id": LAMP[:-1] + "9"}, False),
        ({"point": north(500), "object_id": LAMP}, {}, False),
        ({"point": north(500)}, {}, False),
        # kind of case
        ({"type": HAWKER}, {}, False),
        ({"type": HAWKER, "object_id": LAMP}, {"object_id": LAMP}, False),
        ({"type": replace(LITTER, scheme=Scheme.GBT30428_2_2013)}, {}, False),
        ({"type": replace(LITTER, kind=CaseKind.COMPONENT)}, {}, False),
        # states
        ({"state": CaseState.HANDLING}, {}, True),
        ({"state": CaseState.CLOSED}, {}, True),
        ({"state": CaseState.VOID}, {}, False),  # a duplicate, or no problem at all
        ({"state": CaseState.TRANSFERRED}, {}, False),
        ({}, {"state": CaseState.VOID}, False),
        ({}, {"state": CaseState.TRANSFERRED}, False),
        ({}, {"state": CaseState.REPORTED}, False),  # its closing was taken back
        # itself
        ({"id": 1}, {}, False),
    ],
)
def test_a_case_repeats_an_earlier_one_by_type_place_and_time(new, earlier, is_repeat):
    found = repeated(replace(NEW, **new), [replace(EARLIER, **earlier)], RULE)
    assert (found is not None) is is_repeat


def test_of_several_the_latest_closed_counts_and_its_distance_is_told():
    later = replace(EARLIER, id=7, point=north(20), closed_at=CLOSED_AT + timedelta(hours=1))
    found = repeated(NEW, [later, EARLIER, replace(later, id=5)], RULE)
    assert found == Repeat(earlier=7, distance_m=distance_m(HERE, later.point))
    assert found.distance_m == pytest.approx(20, abs=0.1)


def test_without_an_earlier_case_there_is_none():
    assert repeated(NEW, [], RULE) is None


def test_the_first_pattern_that_takes_the_type_decides():
    rule = RecurrenceRule(
        types=(
            (TypePattern.parse("GBT47678.5-2026/event/02001"), Nearness(distance_m=100, days=3)),
            (TypePattern.parse("GBT47678.5-2026/event/02*"), Nearness(distance_m=0, days=0)),
        )
    )
    far = replace(NEW, point=north(90))
    assert repeated(far, [EARLIER], rule)
    assert not repeated(replace(far, observed_at=CLOSED_AT + timedelta(days=3, seconds=1)), [EARLIER], rule)
    other = replace(LITTER, code="02002")
    at_once = replace(NEW, type=other, observed_at=CLOSED_AT)
    assert not repeated(at_once, [replace(EARLIER, type=other)], rule)  # no days: never
    assert repeated(replace(NEW, type=HAWKER), [replace(EARLIER, type=HAWKER)], rule)


def document(recurrence: object):
    data = (Path(__file__).parents[3] / "config/conduct/default.yaml").read_bytes()
    read = read_document(DocumentKind.CONDUCT, "default", data)
    return replace(read, body=read.body | {"recurrence": recurrence})


def test_the_rule_is_read_and_written_alike():
    conduct = parse_conduct(
        document({"days": 10, "types": {"GBT47678.5-2026/event/02*": {"days": 3}, "local/event/1": {"distance_m": 9}}})
    )
    assert conduct.recurrence.default == Nearness(distance_m=30, days=10)
    assert [near for _, near in conduct.recurrence.types] == [
        Nearness(distance_m=30, days=3),
        Nearness(distance_m=9, days=10),
    ]
    assert parse_conduct(conduct_document(conduct, "default")) == conduct


def test_without_a_rule_the_default_of_the_domain_counts():
    conduct = parse_conduct(document(None))
    assert conduct.recurrence == RecurrenceRule(default=Nearness(distance_m=30, days=15))
    assert "recurrence" not in conduct_document(conduct, "default").body


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        ({"days": -1}, "recurrence.days", "whole_number_expected"),
        ({"distance_m": 5000}, "recurrence.distance_m", "whole_number_expected"),
        ({"metres": 5}, "recurrence.metres", "unknown_key"),
        ({"types": {"02*": {}}}, "recurrence.types.02*", "type_pattern_expected"),
        ({"types": {"local/event/*": {"day": 3}}}, "recurrence.types.local/event/*.day", "unknown_key"),
    ],
)
def test_a_mistake_in_the_rule_is_named_with_its_place(wrong, place, code):
    with pytest.raises(RuleFileError) as refused:
        parse_conduct(document(wrong))
    assert [
        (name.rpartition(": ")[2], one.code) for name, problems in refused.value.fields.items() for one in problems
    ] == [(place, code)]
