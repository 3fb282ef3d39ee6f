from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import score_figures
from gridcase.domain.errors import InvalidInputError
from gridcase.rules.documents import Document, DocumentKind, read_document
from gridcase.rules.given_tables import differences, intervals, read_given_table
from gridcase.rules.rulesets import parse_rule_set, rule_set_document

FOLDER = Path(__file__).parents[3] / "config/rules"


def shipped(name: str) -> RuleSet:
    return parse_rule_set(read_document(DocumentKind.RULES, name, (FOLDER / f"{name}.yaml").read_bytes()))


NANTONG, CHANGZHOU, FORMULA = shipped("nantong-streets"), shipped("changzhou"), shipped("production-formula")

#: Three rows of the notice of August 2017; the last total was made of parts before they were rounded.
NOTICE = """\
subject,system,on_site,duty,expect:score,expect:rank
中兴街道,95.65,93.73,95.80,94.91,1
文峰街道,95.37,93.80,96.15,94.90,2
金沙街道,95.53,91.01,91.60,92.93,3
"""


def compared(rule_set: RuleSet, text: str, name: str = "notice.csv") -> list[tuple]:
    data = text.encode()
    given = read_given_table(rule_set, name, data)
    found = differences(
        given.expected, score_figures(rule_set, given.figures, given.inputs), intervals(rule_set, name, data)
    )
    return [(one.subject, one.what, one.printed, one.computed, one.within_rounding) for one in found]


def test_a_notice_is_compared_with_what_it_printed():
    assert compared(NANTONG, NOTICE) == [("金沙街道", "score", "92.93", "92.94", True)]


def test_a_total_outside_the_rounding_of_its_parts_is_told_apart():
    assert compared(NANTONG, NOTICE.replace("94.91,1", "94.80,2")) == [
        ("中兴街道", "score", "94.80", "94.91", False),
        ("中兴街道", "rank", "2", "1", False),
        ("金沙街道", "score", "92.93", "92.94", True),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_notice_may_come_from_an_older_spreadsheet(encoding):
    assert read_given_table(NANTONG, "notice.csv", NOTICE.encode(encoding)) == read_given_table(
        NANTONG, "notice.csv", NOTICE.encode()
    )


OTHER_FORMS = [
    ("notice.json", '[{"subject": "A", "system": 95.65, "on_site": "93.73", "duty": 95.8, "expect:score": 94.91}]'),
    ("notice.yaml", "rows:\n  - {subject: A, system: 95.65, on_site: 93.73, duty: 95.80, 'expect:score': 94.91}\n"),
]


@pytest.mark.parametrize(("name", "text"), OTHER_FORMS)
def test_json_and_yaml_have_the_same_columns(name, text):
    given = read_given_table(NANTONG, name, text.encode())

    assert compared(NANTONG, text, name) == []
    assert {one.indicator: one.value for one in given.inputs.external} == {
        "system": Decimal("95.65"),
        "on_site": Decimal("93.73"),
        "duty": Decimal("95.8"),
    }
    assert {one.evidence for one in given.inputs.external} == {name}


def test_counts_may_have_separators_and_rates_stand_for_counts():
    counted = (
        "subject,handled_on_time,handled_overdue,due_to_handle,closed,due_to_close,rework_cases\n"
        '城区,"12,461",0,"12,806","12,461","12,806",0\n'
    )
    told = "subject,rate:on_time,rate:closing,rate:rework,expect:score\n城区,97.31%,97.31,0,97.58\n"
    figures = read_given_table(FORMULA, "a.csv", counted.encode()).figures

    assert figures.counts["城区"]["closed"] == 12_461
    assert str(score_figures(FORMULA, figures)[0].score) == "97.58"  # 90 x 97.306 % + 10
    assert compared(FORMULA, told) == []
    assert read_given_table(FORMULA, "b.csv", told.encode()).figures.rates["城区"]["rework.rate"] == Fraction(0)


def test_numbers_of_ones_own_are_columns():
    title = {"zh": "满意度", "en": "Satisfaction"}
    term = {"id": "t", "numerator": "satisfied", "denominator": "called_back", "points": {"curve": "linear"}}
    item = {"id": "a", "clause": "1", "title": title, "weight": 100, "terms": [term]}
    body = {
        **rule_set_document(FORMULA).body,
        "numbers": ["satisfied", "called_back"],
        "indicators": [item],
        "ranking": {},
    }
    rules = parse_rule_set(Document(kind=DocumentKind.RULES, name="production-formula", body=body))

    assert compared(rules, "subject,satisfied,called_back,expect:score\nA,45,50,90\nB,2,0,\n") == []
    with pytest.raises(InvalidInputError) as refused:
        read_given_table(rules, "a.csv", b"subject,satisfied\nA,45\n")
    assert [one.code for one in refused.value.fields["columns"]] == ["given_column_missing"]


def test_a_count_that_decides_between_equals_is_a_column():
    body = {**rule_set_document(NANTONG).body, "ranking": {"tie_break": [{"count": "registered"}]}}
    rules = parse_rule_set(Document(kind=DocumentKind.RULES, name="nantong-streets", body=body))
    table = "subject,system,on_site,duty,registered,expect:rank\nA,90,90,90,5,2\nB,90,90,90,8,1\n"

    assert compared(rules, table) == []
    with pytest.raises(InvalidInputError):
        read_given_table(rules, "a.csv", table.replace("registered", "note").encode())


def test_deductions_and_adjustments_are_columns():
    narrow = [
        f"{item}.{name}"
        for item in ("appearance", "street_order", "advertising", "greenery", "traffic", "sites", "rivers")
        for name in ("handled_overdue", "overdue_open", "rework_cases")
    ]
    text = ",".join(["subject", "deduct:estates", "adjust", *narrow]) + "\nS,3.5,-0.25" + ",0" * len(narrow) + "\n"
    given = read_given_table(CHANGZHOU, "bulletin.csv", text.encode())
    (one,) = score_figures(CHANGZHOU, given.figures, given.inputs)

    assert str(one.score) == "96.25"
    assert [warning.indicator for warning in one.warnings] == ["estates"]


REFUSED = [
    # text, place, code
    ("subject,system,on_site\nA,1,2\n", "columns", "given_column_missing"),
    ("subject,system,on_site,duty,beauty\nA,1,2,3,4\n", "columns", "given_column_unknown"),
    ("system,on_site,duty\n1,2,3\n", "columns", "header_needed"),
    ("subject,system,on_site,duty,duty\nA,1,2,3,3\n", "columns", "given_column_twice"),
    ("subject,system,on_site,duty\nA,1,2\n", "row 2", "given_row_length"),
    ("subject,system,on_site,duty\nA,1,2,101\n", "row 1: duty", "given_out_of"),
    ("subject,system,on_site,duty\nA,1,2,-1\n", "row 1: duty", "given_out_of"),
    ("subject,system,on_site,duty\nA,1,2,good\n", "row 1: duty", "decimal_expected"),
    ("subject,system,on_site,duty\nA,1,2,3\nA,1,2,3\n", "row 2: subject", "given_subject_twice"),
    ("subject,system,on_site,duty\n,1,2,3\n", "row 1: subject", "key_missing"),
    ("subject,system,on_site,duty\n", "rows", "list_empty"),
    ("subject,system,on_site,duty,expect:rank\nA,1,2,3,first\n", "row 1: expect:rank", "given_whole"),
    ("subject,system,on_site,duty,deduct:duty\nA,1,2,3,-4\n", "row 1: deduct:duty", "below_zero"),
]


@pytest.mark.parametrize(("text", "place", "code"), REFUSED)
def test_what_is_wrong_with_a_table_is_named_at_its_place(text, place, code):
    with pytest.raises(InvalidInputError) as refused:
        read_given_table(NANTONG, "notice.csv", text.encode())

    assert code in [problem.code for problem in refused.value.fields[place]]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("notice.xlsx", b"", "given_ending"),
        ("notice.json", b"{", "given_unreadable"),
        ("notice.csv", b"\xff\xff\xff", "given_unreadable"),
        ("notice.json", b'{"rows": 3}', "list_expected"),
        ("notice.json", b"[3]", "mapping_expected"),
        ("notice.yaml", b"rows: [", "yaml_syntax"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name, data, code):
    with pytest.raises(InvalidInputError) as refused:
        read_given_table(NANTONG, name, data)

    assert code in [problem.code for problems in refused.value.fields.values() for problem in problems]


def test_an_indicator_of_other_cases_reads_narrowed_columns_only():
    text = "subject,handled_overdue,overdue_open,rework_cases\nS,0,0,0\n"
    with pytest.raises(InvalidInputError) as refused:
        read_given_table(CHANGZHOU, "a.csv", text.encode())

    missing = [one.params["column"] for one in refused.value.fields["columns"] if one.code == "given_column_missing"]
    assert '"appearance.handled_overdue"' in missing


def test_a_post_of_another_role_is_refused():
    rules = shipped("cjt292-dispatcher")
    text = "subject,dispatched,dispatched_on_time,accurately_dispatched\ninspector/1,1,1,1\n"
    with pytest.raises(InvalidInputError) as refused:
        read_given_table(rules, "a.csv", text.encode())

    assert refused.value.fields["row 1: subject"][0].code == "given_subject_role"
