"""Every example of docs/rule-sets.md is run: the file, each construct with its points, the table of figures."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from gridcase.assessment.curves import (
    Complement,
    Linear,
    PerCase,
    PerPoint,
    Piecewise,
    Steps,
)
from gridcase.assessment.explaining import in_words
from gridcase.assessment.figures import GivenFigures
from gridcase.assessment.inputs import ExternalScore, ScoringInputs
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import score_figures
from gridcase.rules.documents import Document, DocumentKind, read_document
from gridcase.rules.given_tables import differences, intervals, read_given_table
from gridcase.rules.rulesets import parse_rule_set, rule_set_document
from gridcase.rules.yaml_text import read_yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rule-sets.md").read_text("utf-8")
FENCE = r"^```yaml item (\w+)\n(.*?)^```$\n+((?:^\|[^\n]*\|$\n)+)"
EXAMPLES = [
    (by, body, row)
    for by, body, table in re.findall(FENCE, PAGE, re.MULTILINE | re.DOTALL)
    for row in table.splitlines()[2:]
]


def rule_set_of(by: str, item: str) -> RuleSet:
    """Make a rule set of one item."""
    body = read_yaml(item.encode())
    whole = {
        "name": "example",
        "version": "1",
        "valid_from": "2026-01-01",
        "title": {"zh": "示例", "en": "Example"},
        "legal_source": "docs/rule-sets.md",
        "subject": by,
        "attribution": "deadline",
        "full_score": 0 if body.get("extra") else body["weight"],
        "numbers": ["satisfied", "called_back", "inhabitants"],
        "floor": -100,
        "indicators": [body],
        "rounding": {"places": 6, "mode": "half_up"},
    }
    return parse_rule_set(Document(kind=DocumentKind.RULES, name="example", body=whole))


@pytest.mark.parametrize(("by", "item", "row"), EXAMPLES, ids=[f"{n}" for n in range(len(EXAMPLES))])
def test_an_example_gives_the_points_that_the_page_says(by, item, row):
    rule_set = rule_set_of(by, item)
    told, expected, _ = (cell.strip() for cell in row.strip("|").split("|"))
    figures = dict(one.rsplit(" ", 1) for one in told.split(", ")) if told else {}
    outside = {name: Decimal(figures.pop(name)) for name in rule_set.external_names if name in figures}
    given = [ExternalScore(subject="S", indicator=name, value=value, evidence="e") for name, value in outside.items()]
    counts = {name: int(number) for name, number in figures.items()}
    (one,) = score_figures(rule_set, GivenFigures(counts={"S": counts}), ScoringInputs(external=tuple(given)))

    if expected == "no data":
        assert one.score is None
    else:
        assert sum((line.points or Fraction(0) for line in one.lines), Fraction(0)) == Fraction(expected)


def test_there_is_an_example_of_every_curve():
    curves = {
        type(term.curve)
        for by, item, _ in EXAMPLES
        for indicator in rule_set_of(by, item).indicators
        for term in indicator.terms
    }

    assert curves == {Linear, Complement, Steps, Piecewise, PerPoint, PerCase}


def test_the_file_of_the_page_loads_comes_back_and_is_said_in_words():
    (body,) = re.findall(r"^```yaml rules\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    rule_set = parse_rule_set(read_document(DocumentKind.RULES, "example-streets", body.encode()))

    assert parse_rule_set(rule_set_document(rule_set)) == rule_set
    for language in ("zh", "en"):
        assert len(in_words(rule_set, language)) > len(rule_set.indicators)


def test_the_table_of_the_page_differs_only_within_the_rounding_of_its_parts():
    ((name, table),) = re.findall(r"^```csv (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    rule_set = parse_rule_set(
        read_document(DocumentKind.RULES, name, (ROOT / f"config/rules/{name}.yaml").read_bytes())
    )
    given = read_given_table(rule_set, "notice.csv", table.encode())
    scores = score_figures(rule_set, given.figures, given.inputs)
    found = differences(given.expected, scores, intervals(rule_set, "notice.csv", table.encode()))

    assert [(one.subject, one.printed, one.computed, one.within_rounding) for one in found] == [
        ("金沙街道", "92.93", "92.94", True)
    ]


def test_every_rule_set_that_we_ship_is_on_the_page():
    shipped = {file.stem for file in (ROOT / "config/rules").glob("*.yaml")}

    assert [name for name in sorted(shipped) if f"`{name}`" not in PAGE] == []
