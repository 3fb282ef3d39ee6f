"""The centre's findings and our records side by side: equal, different in named fields, or known to one side only."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.assessment.facts import Handling
from gridcase.assessment.reconciling import Finding, FindingKind, Match, OurRecord, Outcome, left_out, reconcile, tally
from gridcase.domain.case import CaseNumber

OURS = CaseNumber("NDJ-20261005-000001-X")
OTHER = CaseNumber("NDJ-20261005-000002-Y")
RECORD = OurRecord(case=OURS, unit="NDJ-CG", outcome=Handling.ON_TIME, reworks=0, is_missed=False, is_false=False)
FINDING = Finding(their_number="Z1", our_number=None, kind=FindingKind.RECORD)
NUMBERS = {"Z1": OURS}


@pytest.mark.parametrize(
    ("said", "ours", "differs"),
    [
        ({}, {}, ()),  # what the list does not say cannot differ
        ({"unit": "NDJ-CG"}, {}, ()),
        ({"unit": "NDJ-ZF"}, {}, ("unit",)),
        ({"unit": "NDJ-ZF"}, {"unit": None}, ("unit",)),
        ({"outcome": Outcome.ON_TIME}, {}, ()),
        ({"outcome": Outcome.OVERDUE}, {}, ("outcome",)),
        ({"outcome": Outcome.OVERDUE_OPEN}, {"outcome": Handling.OVERDUE_OPEN}, ()),
        ({"reworks": 0}, {}, ()),
        ({"reworks": 2}, {"reworks": 1}, ("reworks",)),
        ({"our_number": OURS}, {}, ()),
        ({"our_number": OTHER}, {}, ("our_number",)),
        ({"kind": FindingKind.MISSED}, {"is_missed": True}, ()),
        ({"kind": FindingKind.MISSED}, {}, ("kind",)),
        ({"kind": FindingKind.FALSE_FEEDBACK}, {"is_false": True}, ()),
        ({"kind": FindingKind.FALSE_FEEDBACK}, {}, ("kind",)),
        ({"kind": FindingKind.OVERDUE}, {"outcome": Handling.OVERDUE_OPEN}, ()),
        ({"kind": FindingKind.OVERDUE}, {}, ("kind",)),
        ({"kind": FindingKind.REWORK}, {"reworks": 1}, ()),
        ({"kind": FindingKind.REWORK}, {}, ("kind",)),
        ({"kind": FindingKind.ON_SITE}, {}, ()),  # our history cannot show what was seen on site
        ({"kind": FindingKind.OTHER}, {}, ()),
        ({"unit": "NDJ-ZF", "reworks": 3}, {}, ("unit", "reworks")),
    ],
)
def test_each_field_that_the_list_states_is_compared(said, ours, differs):
    (line,) = reconcile([replace(FINDING, **said)], {OURS: replace(RECORD, **ours)}, NUMBERS)
    assert tuple(one.field for one in line.differences) == differs
    assert line.match is (Match.DIFFERENT if differs else Match.EQUAL)
    assert line.case == OURS


def test_a_number_that_nobody_here_knows_is_theirs_alone():
    (line,) = reconcile([replace(FINDING, their_number="Z9")], {OURS: RECORD}, NUMBERS)
    assert (line.match, line.case) == (Match.ONLY_THEIRS, None)


def test_our_number_is_enough():
    (line,) = reconcile([replace(FINDING, their_number="", our_number=OURS)], {OURS: RECORD}, {})
    assert (line.match, line.case) == (Match.EQUAL, OURS)


def test_a_case_that_a_complete_list_leaves_out_is_ours_alone():
    named = reconcile([FINDING], {OURS: RECORD}, NUMBERS)
    lines = (*named, *left_out(named, {OURS, OTHER}))
    assert [(line.case, line.match) for line in lines] == [(OURS, Match.EQUAL), (OTHER, Match.ONLY_OURS)]
    assert tally(lines) == {Match.EQUAL: 1, Match.DIFFERENT: 0, Match.ONLY_THEIRS: 0, Match.ONLY_OURS: 1}


@given(st.permutations([replace(FINDING, their_number=f"Z{n}", points=Decimal(n)) for n in range(5)]))
def test_the_order_of_the_list_is_irrelevant(rows):
    assert reconcile(rows, {OURS: RECORD}, NUMBERS) == reconcile(sorted(rows, key=str), {OURS: RECORD}, NUMBERS)
