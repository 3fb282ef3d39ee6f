"""Scoring a month's facts by a rule set, and the scores as plain values: what rows, API and command line show.

Pure but for reading the rule set in force; loads the column engine.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gridcase.assessment.package import ScoreTable
from gridcase.assessment.plain import plain_line, plain_score
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import ScoreLine, SubjectScore, score
from gridcase.domain.errors import RuleFileError, invalid
from gridcase.domain.history import canonical_json
from gridcase.domain.plain_values import from_plain, to_plain
from gridcase.domain.time import Period
from gridcase.rules.documents import Document, DocumentKind, canonical, digest
from gridcase.rules.rulesets import bears_name, choose_document, parse_rule_set
from gridcase.services.steps.month_facts import MonthFacts
from gridcase.services.steps.packing import NOTHING_CONTESTED, Contested
from gridcase.store.configuration import documents_in_force
from gridcase.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a month is scored.

    Parameters
    ----------
    contested
        What people added to the counts, and what they contested.
    revision, supersedes
        1 and None for the first issue; of a re-issue its number and the SHA-256 of the package it takes the place of.
    """

    document: Document
    contested: Contested = NOTHING_CONTESTED
    revision: int = 1
    supersedes: str | None = None
    reason: str = ""


def rule_document(tx: Tx, name: str, period: Period) -> Document:
    """Return the version of a rule set that is in force on a period's first day.

    Raises
    ------
    InvalidInputError
        It is unknown, or not in force on that day.
    """
    held = _held_rules(tx)
    known = [document for document in held if bears_name(document, name)]
    if not known:
        raise invalid("rule_set", "unknown_rule_set", name=name, choices=", ".join(one.name for one in held))
    chosen = choose_document(known, name, period.first_day)
    if chosen is None:
        first = min(parse_rule_set(document).valid_from for document in known)
        raise invalid("rule_set", "rule_set_not_in_force", name=name, first=first.isoformat())
    return chosen[0]


def rule_sets_in_force(tx: Tx, period: Period) -> tuple[tuple[Document, RuleSet], ...]:
    """Return the rule sets in force on a period's first day with their documents, by name, unreadable ones left out."""
    readable = [one for one in map(_readable, _held_rules(tx)) if one is not None]
    chosen: dict[str, tuple[Document, RuleSet]] = {}
    for document, rule_set in readable:
        before = chosen.get(rule_set.name)
        is_newer = before is None or (before[1].valid_from, before[1].version) < (rule_set.valid_from, rule_set.version)
        if rule_set.is_in_force_on(period.first_day) and bears_name(document, rule_set.name) and is_newer:
            chosen[rule_set.name] = (document, rule_set)
    return tuple(chosen[name] for name in sorted(chosen))


def _held_rules(tx: Tx) -> list[Document]:
    return [
        Document(kind=DocumentKind.RULES, name=row.name, body=row.body)
        for row in documents_in_force(tx)
        if row.kind == DocumentKind.RULES
    ]


def _readable(document: Document) -> tuple[Document, RuleSet] | None:
    try:
        return document, parse_rule_set(document)
    except RuleFileError:
        return None


def score_month(facts: MonthFacts, terms: Terms) -> ScoreTable:
    """Score facts; the same facts and terms give the same table."""
    rule_set = parse_rule_set(terms.document)
    content = facts.content
    return ScoreTable(
        rule_set=rule_set,
        document=canonical(terms.document),
        digest=digest(terms.document),
        scores=score(rule_set, content.frames, content.period, terms.contested.inputs),
    )


def basis(facts_sha256: str, terms: Terms) -> str:
    """Return the SHA-256 over everything that decides the figures."""
    rests_on = [
        facts_sha256,
        terms.document.name,
        digest(terms.document),
        to_plain(terms.contested),
        terms.revision,
        terms.supersedes,
    ]
    return hashlib.sha256(canonical_json(rests_on).encode()).hexdigest()


def plain_terms(terms: Terms) -> dict[str, Any]:
    """Write terms as a row and a snapshot keep them."""
    return {
        "name": terms.document.name,
        "body": terms.document.body,
        "contested": to_plain(terms.contested),
        "revision": terms.revision,
        "supersedes": terms.supersedes,
        "reason": terms.reason,
    }


def read_terms(plain: Mapping[str, Any]) -> Terms:
    """Read what ``plain_terms`` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is not that.
    """
    return Terms(
        document=Document(kind=DocumentKind.RULES, name=plain["name"], body=plain["body"]),
        contested=from_plain(Contested, plain["contested"]),
        revision=plain["revision"],
        supersedes=plain["supersedes"],
        reason=plain["reason"],
    )


def plain_scores(scores: tuple[SubjectScore, ...]) -> tuple[dict[str, Any], ...]:
    """Write scores; ``key`` names each line within its subject, the same in every run of the same rule set."""
    return tuple(plain_score(one) | {"lines": list(_keyed(one.lines))} for one in scores)


def _keyed(lines: tuple[ScoreLine, ...]) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for line in lines:
        name = "/".join(part for part in (line.indicator, line.term, line.kind.value) if part)
        seen[name] += 1
        yield {"key": name if seen[name] == 1 else f"{name}/{seen[name]}", **plain_line(line)}
