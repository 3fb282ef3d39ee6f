"""What a history line holds: written and read again, and always written the same."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.case import (
    CaseKind,
    CheckMode,
    CheckResult,
    FindingKind,
    RequestKind,
    Ruling,
    Scheme,
    Source,
    TaskKind,
    TypeKey,
    VerifyResult,
)
from gridcase.domain.history import (
    Assisting,
    Facts,
    Finding,
    Given,
    GivenOutcome,
    LimitedStage,
    StageDue,
    canonical_json,
)
from gridcase.domain.time import LimitUnit, TimeLimit

words = st.text(min_size=1, max_size=12)
numbers = st.integers(1, 10**9)
instants = st.integers(1_500_000_000, 2_200_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
limits = st.builds(
    TimeLimit,
    amount=st.decimals("0.0003", "999999", places=4),
    unit=st.sampled_from(LimitUnit),
)
dues = st.builds(
    StageDue,
    stage=st.sampled_from(LimitedStage),
    started_at=instants,
    due_at=instants,
    limit=limits,
    calendar=words,
    provisional=st.booleans(),
)
assisting = st.builds(Assisting, assignment=numbers, unit=words, due=dues)
givens = st.builds(
    Given,
    **{one.name: st.none() | instants for one in fields(Given) if one.name.endswith("_at")}
    | {"filed_at": instants, "outcome": st.none() | st.sampled_from(GivenOutcome)}
    | dict.fromkeys(("district", "street", "community"), st.none() | words),
)
findings = st.builds(
    Finding,
    kind=st.sampled_from(FindingKind),
    withdrawn=st.booleans(),
    earlier=st.none() | words,
    unit=st.none() | words,
)
types = st.builds(
    TypeKey,
    scheme=st.sampled_from(Scheme),
    kind=st.sampled_from(CaseKind),
    code=st.text("0123456789", min_size=5, max_size=5),
)
#: Every field, each of them also left out; a field added to ``Facts`` without a strategy here fails the test below.
STRATEGIES = {
    "type": st.none() | types,
    "condition": st.none() | words,
    "source": st.none() | st.sampled_from(Source),
    "filed_by": st.none() | numbers,
    "found_by": st.none() | numbers,
    "cell": st.none() | words,
    "layers": st.none() | st.dictionaries(words, st.lists(words, max_size=3).map(tuple), min_size=1, max_size=3),
    "dues": st.lists(dues, max_size=3).map(tuple),
    "assignment": st.none() | numbers,
    "unit": st.none() | words,
    "route": st.none() | words,
    "returned_reason": st.none() | words,
    "reassigned_reason": st.none() | words,
    "void_reason": st.none() | words,
    "leaves_due": st.booleans(),
    "task": st.none() | numbers,
    "inspector": st.none() | numbers,
    "check_mode": st.none() | st.sampled_from(CheckMode),
    "check_result": st.none() | st.sampled_from(CheckResult),
    "attachments": st.lists(words, max_size=3).map(tuple),
    "task_kind": st.none() | st.sampled_from(TaskKind),
    "verify_result": st.none() | st.sampled_from(VerifyResult),
    "assisting": st.lists(assisting, max_size=2).map(tuple),
    "self_handled": st.booleans(),
    "lead_case": st.none() | words,
    "request": st.none() | numbers,
    "request_kind": st.none() | st.sampled_from(RequestKind),
    "ruling": st.none() | st.sampled_from(Ruling),
    "asked_at": st.none() | instants,
    "resumes_at": st.none() | instants,
    "transferred_to": st.none() | words,
    "subtask": st.none() | numbers,
    "supervision": st.none() | numbers,
    "object_id": st.none() | words,
    "campaign": st.none() | words,
    "given": st.none() | givens,
    "false_feedback": st.booleans(),
    "finding": st.none() | findings,
    "doubts": st.lists(words, max_size=2).map(tuple),
}
facts = st.builds(Facts, **STRATEGIES)


def test_every_field_is_tried():
    assert set(STRATEGIES) == {one.name for one in fields(Facts)}


@given(facts)
def test_facts_are_read_as_they_were_written(written):
    assert Facts.load(written.dump()) == written


@given(facts)
def test_facts_are_always_written_the_same(written):
    text = written.dump()
    assert Facts.load(text).dump() == text
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(facts)
def test_nothing_empty_is_written(written):
    assert not [value for value in json.loads(written.dump()).values() if value in (None, False, "", [], {})]


@given(facts, facts)
def test_different_facts_are_written_differently(one, other):
    assert (one.dump() == other.dump()) is (one == other)


def test_an_empty_line_is_two_braces():
    assert Facts().dump() == "{}"
    assert Facts(layers={}).dump() == "{}"  # as if nothing were said of layers


def test_a_limit_is_written_one_way_however_it_was_spelled():
    due = StageDue(
        stage=LimitedStage.HANDLE,
        started_at=datetime(2026, 10, 12, 1, tzinfo=UTC),
        due_at=datetime(2026, 10, 12, 3, tzinfo=UTC),
        limit=TimeLimit(amount=Decimal(2), unit=LimitUnit.WORKING_HOUR),
        calendar="changzhou@1",
    )
    spelled = replace(due, limit=replace(due.limit, amount=Decimal("2.00")))
    assert Facts(dues=(due,)).dump() == Facts(dues=(spelled,)).dump()


def test_a_field_that_a_line_does_not_know_is_not_read_over():
    with pytest.raises(TypeError):
        Facts.load('{"colour":"red"}')


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_canonical_json_knows_no_numbers_that_json_does_not(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"accuracy_m": value})


def test_an_instant_keeps_its_offset_when_written():
    there = datetime(2026, 10, 12, 9, tzinfo=timezone(timedelta(hours=8)))
    due = StageDue(
        stage=LimitedStage.CHECK,
        started_at=there,
        due_at=there,
        limit=TimeLimit.parse("1 working_day"),
        calendar="changzhou@1",
    )
    assert Facts.load(Facts(dues=(due,)).dump()).dues == (due,)
