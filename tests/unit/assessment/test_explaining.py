from pathlib import Path

import pytest

from gridcase.assessment.explaining import in_words
from gridcase.rules.documents import Document, DocumentKind, read_document
from gridcase.rules.rulesets import parse_rule_set
from gridcase.rules.yaml_text import read_yaml

FILES = sorted((Path(__file__).parents[3] / "config/rules").glob("*.yaml"))


def said(term: str, language: str, **item) -> str:
    """Say an indicator of one term in words."""
    settled = {"id": "a", "clause": "3", "title": {"zh": "返工", "en": "Rework"}, "weight": 10} | item
    body = {
        "name": "trial",
        "version": "1",
        "valid_from": "2026-01-01",
        "title": {"zh": "试", "en": "trial"},
        "legal_source": "none",
        "subject": "unit",
        "attribution": "deadline",
        "full_score": 0 if item.get("extra") else 10,
        "indicators": [settled | {"terms": [{"id": "t", **read_yaml(term.encode())}]}],
        "rounding": {"places": 2, "mode": "half_up"},
    }
    rule_set = parse_rule_set(Document(kind=DocumentKind.RULES, name="trial", body=body))
    return next(one.text for one in in_words(rule_set, language) if one.indicator == "a")


PER_CASE = "{curve: per_case, minus: 1}"
REWORK = "{count: rework_cases, points: {curve: per_case, minus: 0.2}}"
RATE = "numerator: closed, denominator: due_to_close"
WORDS = [
    # term, item, Chinese, English
    (
        "{count: rework_events, points: {curve: per_case, minus: 0.2, free: 1}}",
        {"starts_full": True},
        "第3条 返工：返工次数：超过1次后，每次扣0.2分；扣完为止(满分10分)。",
        "Clause 3, Rework: rework events: beyond the first 1, minus 0.2 each; until nothing is left (full: 10).",
    ),
    (
        REWORK,
        {"starts_full": True},
        "第3条 返工：有返工的案件数：每件扣0.2分；扣完为止(满分10分)。",
        "Clause 3, Rework: rework cases: minus 0.2 each; until nothing is left (full: 10).",
    ),
    (
        "{count: rework_cases, points: {curve: per_case, minus: 1, every: 3, free: 2, per: started, most: 5}}",
        {"starts_full": True, "floor": 2},
        "第3条 返工：有返工的案件数：超过2件后，每3件扣1分（不足部分按整计），最多扣5分；满分10分；最低2分。",
        (
            "Clause 3, Rework: rework cases: beyond the first 2, minus 1 for every 3 (a part counts as a "
            "whole), at most 5; 10 points; not below 2."
        ),
    ),
    (
        "{" + RATE + ", points: {curve: linear, factor: 0.4}}",
        {"without_data": "full"},
        "第3条 返工：得4分 × 结案 ÷ 应结案；满分10分；没有数据时得满分。",
        "Clause 3, Rework: 4 points × closed ÷ due to close; 10 points; full points without data.",
    ),
    (
        "{" + RATE + ", points: {curve: per_point, below: 90, minus: 1, per: continuous}}",
        {"starts_full": True},
        "第3条 返工：结案 ÷ 应结案 低于90%的，每1个百分点扣1分（不足部分按比例计）；扣完为止(满分10分)。",
        (
            "Clause 3, Rework: closed ÷ due to close: minus 1 for every 1 percentage point(s) below 90 % (a part "
            "counts in proportion); until nothing is left (full: 10)."
        ),
    ),
    (
        "{" + RATE + ", points: {curve: steps, steps: [{at_least: 90, points: 10}, {above: 80, percent: 50}]}}",
        {},
        "第3条 返工：结案 ÷ 应结案：≥ 90% 得10分；> 80% 得本项的50%；满分10分。",
        "Clause 3, Rework: closed ÷ due to close: ≥ 90% gives 10; > 80% gives 50 % of the item; 10 points.",
    ),
    (
        "{" + RATE + ", points: {curve: piecewise, knots: [{at: 80, points: 0}, {at: 100, points: 10}]}}",
        {},
        "第3条 返工：结案 ÷ 应结案：80%时0分；100%时10分，其间按直线计算，之外取两端；满分10分。",
        (
            "Clause 3, Rework: closed ÷ due to close: 0 points at 80%; 10 points at 100%, straight between, level "
            "outside; 10 points."
        ),
    ),
    (
        "{external: site, out_of: 50, points: {curve: linear}}",
        {"extra": True},
        "第3条 返工：得10分 × 给定值 site ÷ 50；附加项，最多加10分；没有数据时得0分。",
        (
            "Clause 3, Rework: 10 points × the given site ÷ 50; extra item, at most 10 points on top; nothing without "
            "data."
        ),
    ),
    (
        "{count: rework_cases, points: " + PER_CASE + ", multipliers: [{times: 2, filters: {sources: [leader]}}]}",
        {"starts_full": True, "confirmed": False, "remark": "分值待定"},
        "第3条 返工：有返工的案件数：每件扣1分，来源：leader的案件按2倍计；扣完为止(满分10分)。（待确认：分值待定）",
        (
            "Clause 3, Rework: rework cases: minus 1 each, cases of sources: leader count 2 times; until nothing is "
            "left (full: 10). (to be confirmed: 分值待定)"
        ),
    ),
]


@pytest.mark.parametrize(("term", "item", "zh", "en"), WORDS)
def test_a_rule_is_said_in_words(term, item, zh, en):
    assert said(term, "zh", **item) == zh
    assert said(term, "en", **item) == en


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_of_every_shipped_rule_set_can_be_said(file, language):
    rule_set = parse_rule_set(read_document(DocumentKind.RULES, file.stem, file.read_bytes()))
    words = in_words(rule_set, language, lambda word: f"<{word}>")

    assert [one.indicator for one in words if one.indicator] == [one.id for one in rule_set.indicators]
    assert all("{" not in one.text and one.text for one in words)
    unconfirmed = {
        one.id for one in rule_set.indicators if not (one.confirmed and all(term.confirmed for term in one.terms))
    }
    assert {one.indicator for one in words if not one.confirmed} == unconfirmed
