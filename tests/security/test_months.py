"""A sealed month as everybody would ask for it: who sees no months learns nothing, a unit learns of itself alone.

A smaller matrix than ``test_matrix``, asked of both databases: every route of months, whatever its place-holders.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.case import CaseNumber
from gridcase.services import appealing, closing_month, contributing, explaining_month, running_month
from gridcase.services.appealing import AppealReason, NewAppeal
from gridcase.services.contributing import NewAdjustment, NewExemption
from tests.feeds import settle
from tests.months import LATER, PERIOD, PUBLICITY_ENDS
from tests.office import Office
from tests.security.conftest import Answer, Asked, ask, file_hidden, file_open, signed_in
from tests.security.routes import Target, asked_of, requests_of

pytestmark = pytest.mark.timeout(900)

RULES = "production-formula"
SECRET = "密件申诉理由"
NOBODY = ("inspector", "acceptor", "shift_leader", "dispatcher", "chief", "centre", "public_door")
UNIT = ("unit_leader", "handler")


@dataclass(frozen=True)
class Sealed:
    """An office whose October is sealed: a case of ours, one of another unit, and what that unit contested."""

    office: Office
    own: str
    hidden: str

    def answers(self, username: str) -> Iterator[tuple[str, Asked, Answer]]:
        """Yield route, question and answer of every route of months."""
        client = signed_in(self.office, username)
        target = Target(numbers=(self.own, self.hidden), photos=(), words=SECRET)
        behind = {"subject": "NDJ-HW", "indicator": "on_time", "term": "rate", "count": "due_to_handle"}
        for rule in asked_of(self.office.app):
            if not rule.rule.startswith(("/month", "/api/v1/assessments")):
                continue
            for asked in requests_of(rule, target):
                yield rule.rule, *ask(client, asked)
                if "<int:identity>" in rule.rule:
                    yield rule.rule, *ask(client, asked | {"query_string": behind})


@pytest.fixture
def sealed(office: Office, plain_packages: None) -> Sealed:
    """October run, contested by another unit, sealed and packed."""
    own, _ = file_open(office)
    hidden, _ = file_hidden(office)
    settle(office)
    office.clock.instant = PUBLICITY_ENDS - timedelta(minutes=5)
    assessor, other, leader = (office.actor(name) for name in ("assessor", "other_unit", "leader"))
    draft = running_month.run_month(office.rt, assessor, PERIOD, RULES).id
    line = explaining_month.explained(office.rt, other, draft, "NDJ-HW").score["lines"][0]["key"]
    new = NewAppeal(subject="NDJ-HW", line=line, case=None, reason=AppealReason.OTHER, text=SECRET, attachments=())
    appeal, _ = appealing.file_appeal(office.rt, other, draft, new)
    ruling = appealing.Ruling(decision=appealing.Decision.REJECTED, text=SECRET, points=None)
    appealing.decide_appeal(office.rt, leader, appeal.id, ruling)
    exempt = NewExemption(
        period=PERIOD,
        rule_set="changzhou",
        case=CaseNumber(hidden),
        reason=ExemptionReason.FORCE_MAJEURE,
        evidence=SECRET,
        indicator=None,
        subject=None,
    )
    contributing.propose_exemption(office.rt, other, exempt)
    settled = {"subject": "NDJ-HW", "points": "-1", "reason": SECRET, "evidence": SECRET, "origin_period": "2026-09"}
    contributing.adjust(office.rt, assessor, NewAdjustment(period=PERIOD, rule_set=RULES, **settled))
    office.clock.instant = LATER
    run = running_month.run_month(office.rt, assessor, PERIOD, RULES)
    assert run.id == draft + 1
    closing_month.seal(office.rt, assessor, run.id)
    assert running_month.work_off(office.rt) == 1
    return Sealed(office=office, own=own, hidden=hidden)


def test_a_sealed_month_tells_everybody_only_what_is_theirs(sealed: Sealed) -> None:
    for username in NOBODY:
        for rule, asked, (status, _, body) in sealed.answers(username):
            assert status in (302, 303, 403, 404, 422), (username, rule, asked)
            assert told(body, asked, (SECRET, sealed.hidden, "NDJ-HW")) == [], (username, rule, asked)
    for username in UNIT:
        own = 0
        for rule, asked, (status, _, body) in sealed.answers(username):
            own += status == 200 and b"NDJ-ZF" in body
            assert told(body, asked, (SECRET, sealed.hidden, "NDJ-HW")) == [], (username, rule, asked, status)
        assert own > 3, username


def told(body: bytes, asked: Asked, words: tuple[str, ...]) -> list[str]:
    """Return what an answer tells of some words; one that was in the question may be said again."""
    text = body.decode("utf-8", errors="replace")
    return [one for one in words if one in text and one not in str(asked)]


def test_who_assesses_finds_it_by_the_same_questions(sealed: Sealed) -> None:
    answers = list(sealed.answers("assessor"))
    for one in (SECRET, sealed.hidden, "NDJ-HW"):
        assert sum(bool(told(body, asked, (one,))) for _, asked, (_, _, body) in answers) > 2, one
