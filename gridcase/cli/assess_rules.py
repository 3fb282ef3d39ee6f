"""``gridcase assess rules`` and ``score``: what a rule set says, and what it makes of given figures.

Neither opens the database: rule sets come from files, figures from a table, so that a published notice can be tried in
one command.
"""

import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from gridcase.assessment.comparing import LineChange, SubjectChange, compare
from gridcase.assessment.explaining import in_words
from gridcase.assessment.plain import plain_line, plain_score
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import ScoreLine, SubjectScore, score_figures
from gridcase.cli.shell import answer, json_option, refusing, table
from gridcase.domain.errors import RuleFileError, invalid
from gridcase.edge.texts import Language, label
from gridcase.rules.documents import Document, DocumentKind, read_document
from gridcase.rules.given_tables import Difference, differences, intervals, read_given_table
from gridcase.rules.rulesets import bears_name, choose_document, parse_rule_set
from gridcase.settings import load_settings

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_day = click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Day in force, for a rule set by name.")


@click.command("rules")
@click.argument("rule_set")
@_day
@click.option("--language", type=click.Choice([str(one) for one in Language]), help="Default: the instance's own.")
@json_option
@refusing
def rules_command(*, rule_set: str, day: Any, language: str | None, as_json: bool) -> None:
    """Say in words what every line of a rule set means.

    RULE_SET is a file, or the name of one in the configuration folder.
    """
    chosen = _rule_set(rule_set, day.date() if day else None)
    spoken = Language(language or load_settings().language)
    words = in_words(chosen, str(spoken), lambda word: label(word, spoken))
    value = {
        "rule_set": chosen.name,
        "version": chosen.version,
        "lines": [
            {"indicator": one.indicator, "clause": one.clause, "text": one.text, "confirmed": one.confirmed}
            for one in words
        ],
    }
    answer(value, as_json=as_json, text="\n".join(one.text for one in words))


@click.command("score")
@click.option("--rule-set", required=True, help="A file, or the name of one in the configuration folder.")
@click.option(
    "--inputs",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Table of figures: CSV, JSON or YAML.",
)
@click.option("--against", help="Another rule set: print what it would change.")
@_day
@click.option("--lines", "with_lines", is_flag=True, help="Print the lines behind every score.")
@json_option
@refusing
def score_command(
    *, rule_set: str, inputs: Path, against: str | None, day: Any, with_lines: bool, as_json: bool
) -> None:
    """Score given figures by a rule set, without a database.

    Where the table says what was printed (expect:score, expect:rank, expect:grade), differences are listed and the
    command exits with 1, unless every one is explained by parts that were rounded before they were printed.
    """
    on = day.date() if day else None
    chosen = _rule_set(rule_set, on)
    data = inputs.read_bytes()
    given = read_given_table(chosen, inputs.name, data)
    scores = score_figures(chosen, given.figures, given.inputs)
    possible = intervals(chosen, inputs.name, data) if given.expected else {}
    found = differences(given.expected, scores, possible)
    value: dict[str, Any] = {
        "rule_set": chosen.name,
        "version": chosen.version,
        "scores": [plain_score(one) for one in scores],
        "compared": len(given.expected),
        "differences": [
            {
                "subject": one.subject,
                "what": one.what,
                "printed": one.printed,
                "computed": one.computed,
                "within_rounding": one.within_rounding,
            }
            for one in found
        ],
    }
    text = [table(("rank", "subject", "score", "grade"), [_row(one) for one in scores])]
    if with_lines:
        text += [_lines_of(one) for one in scores]
    text += [_difference(one) for one in found]
    if given.expected:
        text.append(f"{len(given.expected)} compared, {len(found)} differences")
    if against is not None:
        other = _rule_set(against, on)
        table_of_other = read_given_table(other, inputs.name, data)
        changes = compare(scores, score_figures(other, table_of_other.figures, table_of_other.inputs))
        value["changes"] = [plain_change(one) for one in changes]
        text += [_changes_of(one) for one in changes if one.is_changed]
    answer(value, as_json=as_json, text="\n".join(text))
    sys.exit(1 if any(not one.within_rounding for one in found) else 0)


def plain_change(one: SubjectChange) -> dict[str, Any]:
    """Return a change as JSON holds it."""
    return {
        "subject": one.subject,
        "score": {"before": _text(one.score_before), "after": _text(one.score_after), "change": _text(one.score)},
        "rank": {"before": one.rank_before, "after": one.rank_after},
        "lines": [
            {
                "before": plain_line(line.before) if line.before else None,
                "after": plain_line(line.after) if line.after else None,
                "points": f"{line.points.numerator}/{line.points.denominator}",
            }
            for line in one.lines
        ],
    }


def _rule_set(named: str, day: date | None) -> RuleSet:
    """Read a rule set from a file, or find it by name in the configuration folder."""
    path = Path(named)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise invalid("rule_set", "rule_file_missing", file=named)
        return parse_rule_set(_read(path))
    folder = load_settings().config_dir / DocumentKind.RULES
    documents = [_read(file) for file in sorted(folder.glob("*.yaml"))]
    known = [document for document in documents if bears_name(document, named)]
    if not known:
        choices = ", ".join(document.name for document in documents)
        raise invalid("rule_set", "unknown_rule_set", name=named, choices=choices)
    if day is None:
        return max((parse_rule_set(document) for document in known), key=lambda one: one.valid_from)
    chosen = choose_document(known, named, day)
    if chosen is None:
        first = min(parse_rule_set(document).valid_from for document in known)
        raise invalid("rule_set", "rule_set_not_in_force", name=named, first=first.isoformat())
    return chosen[1]


def _read(path: Path) -> Document:
    try:
        # A file of one's own may be called anything; the name of the rule set stands inside.
        return read_document(DocumentKind.RULES, _document_name(path), path.read_bytes())
    except RuleFileError as error:
        named = {f"{path.name}: {place}": problems for place, problems in error.fields.items()}
        raise RuleFileError(error.code, fields=named) from error


def _difference(one: Difference) -> str:
    why = " (within the rounding of its parts)" if one.within_rounding else ""
    return f"{one.subject}: {one.what} {one.printed} printed, {one.computed} computed{why}"


def _document_name(path: Path) -> str:
    return path.stem if _NAME.fullmatch(path.stem) else "file"


def _row(one: SubjectScore) -> tuple[str, ...]:
    return str(one.rank or "-"), one.subject, _text(one.score) or "-", one.grade or "-"


def _lines_of(one: SubjectScore) -> str:
    rows = [_line_row(line) for line in one.lines]
    return f"\n{one.subject}\n" + table(("indicator", "term", "kind", "numbers", "points", "exact"), rows)


def _line_row(line: ScoreLine) -> tuple[str, ...]:
    numbers = ""
    if line.numerator_name:
        numbers = f"{line.numerator_name} {line.numerator}"
        if line.denominator_name:
            numbers += f" / {line.denominator_name} {line.denominator}"
    return (
        line.indicator or "-",
        line.term or "-",
        line.kind,
        numbers or "-",
        _text(line.shown) or "-",
        line.exact or "-",
    )


def _changes_of(one: SubjectChange) -> str:
    head = f"\n{one.subject}: {_text(one.score_before) or '-'} -> {_text(one.score_after) or '-'}"
    return "\n".join([head, *(_change_row(line) for line in one.lines)])


def _change_row(line: LineChange) -> str:
    told = line.after or line.before
    assert told is not None  # noqa: S101 - a change has at least one side
    was, now = (_points(side) for side in (line.before, line.after))
    return f"  {told.indicator or '-'} {told.term or told.kind}: {was} -> {now}"


def _points(line: ScoreLine | None) -> str:
    if line is None or line.points is None:
        return "-"
    return str(line.points)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
