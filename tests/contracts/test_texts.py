"""Every code that anything in gridcase says has a sentence in both languages, fully filled in; none is left over."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseKind, CaseState, CheckMode, CheckResult, Source, Stage
from gridcase.domain.errors import GridcaseError
from gridcase.domain.history import LimitedStage
from gridcase.domain.notices import NoticeKind, Why
from gridcase.domain.time import LimitUnit
from gridcase.edge import fields as edge_fields
from gridcase.edge import problems
from gridcase.edge.texts import LABELS, SENTENCES, TITLES, Language, Text, label, sentence
from gridcase.grid.geojson import Reason
from gridcase.workflow.requests import PAYLOADS, specs

PACKAGE = Path(__file__).parents[2] / "gridcase"
#: Where sentences are kept and printed: naming a code there is not saying it.
NOT_SAYING = {"edge/texts.py", "edge/printing.py"}

#: Calls that say a code: their last written-out text, and their keywords are what the sentence may name.
BY_KEYWORDS = {"invalid", "refused", "refuse", "note", "report", "_unreadable"}
#: Calls whose parameters stand in ``params``.
BY_PARAMS = {"Problem", "problem_body", "Finding"}


@dataclass(frozen=True)
class Said:
    """A code said somewhere; ``params`` is None when it cannot be read off the page which are given."""

    code: str
    params: frozenset[str] | None
    where: str


def said_in(source: str, where: str) -> Iterator[Said]:
    """Yield every code that a module says in a call, as far as it is written out."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in BY_KEYWORDS:
            params: frozenset[str] | None = _keywords(node)
        elif name in BY_PARAMS or name.endswith("Error"):
            params = _params(node)
        else:
            continue
        for code in _codes(node, is_error=name.endswith("Error")):
            yield Said(code, params, f"{where}:{node.lineno}")


def _keywords(node: ast.Call) -> frozenset[str] | None:
    given = [one.arg for one in node.keywords]
    return None if None in given else frozenset(str(name) for name in given)


def _codes(node: ast.Call, *, is_error: bool) -> list[str]:
    named = [one.value for one in node.keywords if one.arg == "code"]
    written = named or [arg for arg in node.args if _constants(arg)][: 1 if is_error else None][-1:]
    return [code for one in written for code in _constants(one)]


def _constants(node: ast.expr) -> list[str]:
    """Return the texts an argument may be: itself, or either branch of a choice."""
    if isinstance(node, ast.IfExp):
        return _constants(node.body) + _constants(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _params(node: ast.Call) -> frozenset[str] | None:
    given = [one.value for one in node.keywords if one.arg == "params"]
    if not given:
        return frozenset() if not any(one.arg is None for one in node.keywords) and len(node.args) < 3 else None
    if isinstance(given[0], ast.Dict):
        return frozenset(str(key.value) for key in given[0].keys if isinstance(key, ast.Constant))
    return None


def modules() -> dict[str, str]:
    found = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    return {name: source for name, source in found.items() if name not in NOT_SAYING}


def own_errors() -> set[str]:
    """Return the names of our error classes."""
    found, waiting = set(), [GridcaseError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found


def everything_said() -> list[Said]:
    found = [one for name, source in modules().items() for one in said_in(source, name)]
    tables = {
        "edge/problems.py": list(problems._HTTP_CODES.values()),
        "edge/fields.py": list(edge_fields._CODES.values()),
        "grid/geojson.py": [str(reason) for reason in Reason],
    }
    return found + [Said(code, None, where) for where, codes in tables.items() for code in codes]


#: Python's own errors are no sentences of ours: their texts have blanks.
CODE = re.compile(r"[a-z][a-z0-9_]*")


def test_every_code_that_is_said_has_a_sentence():
    unknown = {(one.code, one.where) for one in everything_said() if one.code not in SENTENCES}
    assert {one for one in unknown if CODE.fullmatch(one[0])} == set()


def test_every_name_in_a_sentence_is_given_where_it_is_said():
    wanting = [
        (one.code, sorted(names(one.code) - one.params), one.where)
        for one in everything_said()
        if one.params is not None and one.code in SENTENCES and names(one.code) - one.params
    ]
    assert wanting == []


def test_no_sentence_is_left_over():
    """A code counts as said when any module writes it out: also those handed on through tables and variables."""
    written = {
        node.value
        for source in modules().values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert SENTENCES.keys() - written == set()


def test_the_search_above_finds_what_it_should():
    source = """
raise NotFoundError("case_gone", params={"number": 1})
raise invalid("field", "wrong_thing", allowed=2)
raise invalid("file", "no_file" if not files else "two_files")
node.refuse("", "bad_node", type=x)
problem = Problem(code="some_problem")
"""
    found = {(one.code, one.params) for one in said_in(source, "here")}
    assert found == {
        ("case_gone", frozenset({"number"})),
        ("wrong_thing", frozenset({"allowed"})),
        ("no_file", frozenset()),
        ("two_files", frozenset()),
        ("bad_node", frozenset({"type"})),
        ("some_problem", frozenset()),
    }
    assert len(everything_said()) > 150
    assert {"NotFoundError", "OutsideGridError", "TooManyFailuresError"} <= own_errors()


def names(code: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", SENTENCES[code].zh))


@pytest.mark.parametrize("table", [SENTENCES, LABELS, TITLES], ids=["sentences", "labels", "titles"])
def test_both_languages_say_something_and_name_the_same(table):
    for code, text in table.items():
        assert text.zh.strip(), code
        assert text.en.strip(), code
        assert re.findall(r"[\u4e00-\u9fff]", text.zh), code
        assert not re.findall(r"[\u4e00-\u9fff]", text.en), code
        assert sorted(re.findall(r"\{(\w+)\}", text.zh)) == sorted(re.findall(r"\{(\w+)\}", text.en)), code


def test_a_sentence_of_a_refusal_ends_like_one():
    assert [code for code, text in SENTENCES.items() if text.zh[-1] not in "。}" or text.en[-1] not in ".}?"] == []


@pytest.mark.parametrize(
    "words",
    [Action, CaseState, Stage, Role, Source, CheckMode, CheckResult, CaseKind, LimitUnit, LimitedStage],
    ids=lambda words: words.__name__,
)
def test_every_word_of_the_trade_has_a_label(words: type[StrEnum]):
    assert [word for word in words if str(word) not in LABELS] == []


def test_every_kind_of_notice_and_every_reason_for_it_has_a_label():
    assert {f"notice_{kind}" for kind in NoticeKind} | {str(why) for why in Why} <= LABELS.keys()


def test_every_field_on_a_form_has_a_label():
    assert {name for payload in PAYLOADS.values() for name in specs(payload)} <= LABELS.keys()


def test_every_status_of_a_refusal_has_a_title():
    described = {status for _, status in problems.STATUSES}
    assert described | {400, 404, 405, 413, 415, 500, 503} <= TITLES.keys()


def test_a_sentence_is_filled_in_with_the_words_of_its_language():
    params = {"action": Action.CLOSE, "role": Role.HANDLER}
    assert sentence("role_may_not", params, Language.ZH) == "处置人不能执行“结案”。"
    assert "Handler" in sentence("role_may_not", params, Language.EN)


def test_an_unknown_code_or_word_says_itself():
    assert sentence("never_heard_of", {"a": 1}, Language.EN) == "never_heard_of a=1"
    assert label("never_heard_of", Language.ZH) == "never_heard_of"
    assert Text("街", "street").in_(Language.ZH) == "街"


def test_what_has_to_be_written_into_a_file_is_said_as_it_is_written():
    assert "“rounding”" in sentence("key_missing", {"key": "rounding"}, Language.ZH)
    assert "rework" in sentence("unknown_indicator", {"id": "rework"}, Language.ZH)
