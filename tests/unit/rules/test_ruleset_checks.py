"""What ``gridcase config check`` says of rule sets among the other documents."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Severity, read_document, read_folder
from gridcase.rules.rulesets import choose_document

ROOT = Path(__file__).parents[3] / "config"
CATALOGUE = tuple(one for one in read_folder(ROOT) if one.kind is DocumentKind.CATALOGUE)


def formula(name: str = "production-formula", **changes) -> Document:
    body = read_document(
        DocumentKind.RULES, "production-formula", (ROOT / "rules/production-formula.yaml").read_bytes()
    ).body
    return Document(kind=DocumentKind.RULES, name=name, body=deepcopy(body) | changes)


def said(*documents: Document) -> list[tuple[str, str, str, str]]:
    found = check((*CATALOGUE, *documents))
    return [(one.severity, one.document, one.place, one.code) for one in found if one.document.startswith("rules/")]


def test_a_version_bears_the_name_and_a_suffix():
    later = formula("production-formula.2027", valid_from="2027-01-01", version="2")
    first = formula(valid_to="2026-12-31")

    assert said(first, later) == []
    assert said(formula("other")) == [(Severity.ERROR, "rules/other", "name", "name_differs")]


def test_two_versions_in_force_on_one_day_are_an_error():
    later = formula("production-formula.2027", valid_from="2027-01-01", version="2")

    assert said(formula(), later) == [
        (Severity.ERROR, "rules/production-formula.2027", "valid_from", "versions_overlap"),
    ]


@pytest.mark.parametrize(("day", "version"), [("2026-12-31", "1"), ("2027-01-01", "2"), ("2017-12-31", None)])
def test_the_version_in_force_on_a_day_is_chosen(day, version):
    later = formula("production-formula.2027", valid_from="2027-01-01", version="2")
    chosen = choose_document((later, formula(valid_to="2026-12-31")), "production-formula", date.fromisoformat(day))

    assert (chosen[1].version if chosen else None) == version


def test_a_filter_that_takes_no_case_is_told():
    unknown = formula(filters={"types": ["GBT47678.5-2026/event/09999"], "majors": ["88"]})

    assert said(unknown) == [
        (Severity.ERROR, "rules/production-formula", "filters.types[0]", "unknown_type"),
        (Severity.WARNING, "rules/production-formula", "filters.majors", "pattern_matches_nothing"),
    ]


def test_every_unconfirmed_value_is_a_notice():
    document = read_document(DocumentKind.RULES, "changzhou", (ROOT / "rules/changzhou.yaml").read_bytes())

    assert said(document) == [
        (Severity.NOTICE, "rules/changzhou", f"indicators[{number}]", "rule_unconfirmed") for number in range(11)
    ]
