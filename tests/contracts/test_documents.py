"""The guard of ``docs/``: what is printed equals the code, what is written names everything there is.

A page nobody tests is a page nobody believes. Each check is made by a small function that a second test feeds with
something wrong, so that it is seen to find it.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import gridcase
import gridcase.domain
from gridcase.assessment.counts import count_names
from gridcase.assessment.figures import GivenFigures
from gridcase.assessment.scoring import score_figures
from gridcase.cli.main import cli
from gridcase.domain.errors import GridcaseError
from gridcase.edge import problems
from gridcase.edge.printing import STATUSES_OF_CODE
from gridcase.edge.texts import SENTENCES
from gridcase.jobs.table import JOBS
from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Severity, read_document
from gridcase.rules.rulesets import parse_rule_set
from gridcase.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


# --- printed pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["workflow", "errors", "counts"])
def test_a_printed_page_equals_what_the_command_prints(name: str) -> None:
    printed = CliRunner().invoke(cli, ["docs", name])
    assert printed.exit_code == 0
    assert page(f"{name}.md") == printed.stdout, f"print it again: gridcase docs {name} > docs/{name}.md"


# --- error codes --------------------------------------------------------------------------------------------------


def errors_by_name() -> dict[str, type[GridcaseError]]:
    for module in pkgutil.walk_packages(gridcase.__path__, "gridcase."):
        if not module.name.startswith(("gridcase.wsgi", "gridcase.store.migrations")):
            importlib.import_module(module.name)
    found: dict[str, type[GridcaseError]] = {}
    waiting = [GridcaseError]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return found


def status_of(kind: type[GridcaseError]) -> int:
    return next((status for parent, status in problems.STATUSES if issubclass(kind, parent)), 422)


def refusals_in(source: str, kinds: dict[str, type[GridcaseError]]) -> Iterator[tuple[str, int]]:
    """Yield code and status of every refusal that a module makes, as far as the code is written out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in kinds:
            yield from ((code, status_of(kinds[node.name])) for code in own_codes(node))
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", "")
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if name in kinds and words:
            yield str(words[0]), status_of(kinds[name])
        if name == "problem_body" and len(words) > 1 and isinstance(words[0], int):
            yield str(words[1]), words[0]


def own_codes(kind: ast.ClassDef) -> Iterator[str]:
    """Yield the code that an error class gives itself."""
    for node in ast.walk(kind):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__init__" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def test_every_refusal_of_the_code_stands_on_the_page_with_its_status() -> None:
    kinds = errors_by_name()
    made = {
        (code, status)
        for path in (ROOT / "gridcase").rglob("*.py")
        for code, status in refusals_in(path.read_text("utf-8"), kinds)
    }
    made |= {(code, status) for status, code in problems._HTTP_CODES.items()}
    made |= {("bad_request", 400), ("internal_error", 500), ("invalid_input", 413)}
    told = {(code, status) for code, statuses in STATUSES_OF_CODE.items() for status in statuses}
    assert made - told == set(), "add to STATUSES_OF_CODE in gridcase/edge/printing.py"
    assert told - made == set(), "no longer made; take out of STATUSES_OF_CODE"


def test_a_refusal_in_a_module_is_seen() -> None:
    source = 'raise NotFoundError("case_not_found")\nraise invalid("x", "y")\nproblem_body(503, "not_ready")'
    assert set(refusals_in(source, errors_by_name())) == {("case_not_found", 404), ("not_ready", 503)}


def test_every_code_with_a_status_has_sentences() -> None:
    assert STATUSES_OF_CODE.keys() <= SENTENCES.keys()


# --- settings, commands, words --------------------------------------------------------------------------------------


def test_every_setting_is_explained_with_default_and_variable() -> None:
    rows = [line for line in page("settings.md").splitlines() if line.startswith("| `")]
    told = {row.split("`")[1]: row for row in rows}
    assert told.keys() == {field.name for field in fields(Settings)}
    for field in fields(Settings):
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        expected = (f"`GRIDCASE_{field.name.upper()}`", f"| `{default}` |" if default else "| empty |")
        assert all(text in told[field.name] for text in expected), field.name


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from commands(inner, f"{name} {word}")
    else:
        yield name, command


def sections(text: str) -> dict[str, str]:
    """Return the parts of a page by their second-level headings."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def untold(text: str) -> set[str]:
    """Return the commands without a section, and the options that their section does not name."""
    told = sections(text)
    missing = set()
    for name, command in commands(cli, "gridcase"):
        if name not in told:
            missing.add(name)
            continue
        options = {one for param in command.params if isinstance(param, click.Option) for one in param.opts}
        words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", told[name]))
        missing |= {f"{name} {option}" for option in options - words}
    return missing


def test_every_command_and_option_is_explained() -> None:
    assert untold(page("cli.md")) == set()


def test_the_page_explains_no_command_that_is_gone() -> None:
    known = {name for name, _ in commands(cli, "gridcase")}
    assert {title for title in sections(page("cli.md")) if title.startswith("gridcase")} <= known


def test_a_command_or_option_left_out_is_seen() -> None:
    text = page("cli.md").replace("## gridcase db upgrade", "## something").replace("| `--dry-run` |", "| |")
    text = text.replace("Try with `--dry-run` first.", "")
    assert untold(text) - untold(page("cli.md")) == {
        "gridcase db upgrade",
        "gridcase grid import --dry-run",
        "gridcase assess findings import --dry-run",
    }


def test_the_table_of_jobs_equals_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) s \| (.+) \| (.+) \|$", page("operations.md"), re.MULTILINE)
    told = [(job.name, str(int(job.every.total_seconds())), job.zh, job.en) for job in JOBS.values()]
    assert rows == told


def words_of_the_domain() -> set[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(gridcase.domain.__path__, "gridcase.domain."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, StrEnum) and kind is not StrEnum:
                found |= {str(word) for word in kind}
    return found


def test_every_word_of_the_domain_stands_in_the_glossary() -> None:
    words = words_of_the_domain()
    assert {"received", "urgent_hour", "on_site", "area"} <= words  # the search finds what it should
    assert {word for word in words if f"`{word}`" not in page("glossary.md")} == set()


# --- examples -------------------------------------------------------------------------------------------------------


def examples() -> tuple[Document, ...]:
    """Return the documents shown in configuration.md: fences marked ``yaml KIND NAME``."""
    fences = re.findall(r"^```yaml (\S+) (\S+)\n(.*?)^```$", page("configuration.md"), re.MULTILINE | re.DOTALL)
    return tuple(read_document(DocumentKind(kind), name, body.encode()) for kind, name, body in fences)


def test_the_configuration_examples_are_one_of_each_kind_and_fit_together() -> None:
    documents = examples()
    assert sorted(one.kind for one in documents) == sorted(DocumentKind)
    assert [finding for finding in check(documents) if finding.severity is Severity.ERROR] == []


def test_the_worked_example_of_a_score_is_computed_right() -> None:
    rule_set = parse_rule_set(next(one for one in examples() if one.kind is DocumentKind.RULES))
    counted = dict.fromkeys(count_names(rule_set.subject), 0) | {
        "due_to_handle": 40,
        "handled_on_time": 30,
        "handled_overdue": 6,
        "overdue_open": 4,
        "rework_cases": 2,
    }
    (scored,) = score_figures(rule_set, GivenFigures(counts={"NDJ-ZF": counted}))
    points = [Fraction("67.5"), Fraction("5.4"), Fraction("9.5"), Fraction("-0.5")]
    assert [line.points for line in scored.lines] == points
    assert scored.score == Decimal("81.90")


# --- decisions, links, paths ------------------------------------------------------------------------------------------


def test_decisions_are_numbered_without_gaps_and_bear_their_number() -> None:
    files = sorted((DOCS / "adr").glob("*.md"))
    assert [file.name[:4] for file in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for number, file in enumerate(files, start=1):
        text = file.read_text("utf-8")
        assert text.startswith(f"# {number}. "), file.name
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], file.name


def dead_links(text: str, folder: Path) -> list[str]:
    """Return the relative links that lead nowhere."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [link for link in links if "://" not in link and not (folder / link).exists()]


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", *(str(f.relative_to(ROOT)) for f in PAGES)])
def test_every_relative_link_leads_somewhere(name: str) -> None:
    path = ROOT / name
    assert dead_links(path.read_text("utf-8"), path.parent) == []


def test_a_dead_link_is_seen() -> None:
    text = "[a](README.md) [b](nowhere.md#x) [c](https://example.org)"
    assert dead_links(text, ROOT) == ["nowhere.md"]


def test_the_readme_names_every_page() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    assert [path.name for path in sorted(DOCS.glob("*.md")) if f"docs/{path.name}" not in told] == []


#: Folders that exist on one machine only.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users|private|mnt)/\w")


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and (text := text_of(path)):
            found += [f"{name}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("see " + "/home" + "/somebody/notes", True),
        ("see " + "/work" + "/shared", True),
        ("GET /api/v1/units", False),
        ("https://example.org/home/page", False),
    ],
)
def test_a_path_of_one_machine_is_told_from_an_address(text: str, is_found: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is is_found
