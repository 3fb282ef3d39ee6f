"""``gridcase config``: check, apply and export configuration files."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from gridcase.assessment.explaining import in_words
from gridcase.cli.shell import answer, json_option, refusing, runtime, table
from gridcase.domain.errors import RuleFileError
from gridcase.edge.texts import Language, label, sentence
from gridcase.rules.documents import DocumentKind, Finding, read_folder
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.calendar_preview import CalendarPreview, Move
from gridcase.services.calendar_preview import preview as try_calendars
from gridcase.services.configuring import RefusedConfigurationError, apply_folder, check_folder, errors, export_folder
from gridcase.services.reclocking import Recomputed, recompute_provisional
from gridcase.settings import load_settings

_folder = click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))


@click.group()
def config() -> None:
    """Configuration files."""


@config.command()
@_folder
@click.option("--explain", is_flag=True, help="Also say in words what every line of each rule set means.")
@json_option
@refusing
def check(folder: Path | None, *, explain: bool, as_json: bool) -> None:
    """Check configuration files without touching the database; exit 1 when there are errors."""
    settings = load_settings()
    language, chosen = Language(settings.language), folder or settings.config_dir
    findings = check_folder(chosen)
    if not explain:
        _tell(findings, language, as_json=as_json)
    elif as_json:
        words = {name: list(lines) for name, lines in _rules_in_words(chosen, language)}
        answer({"findings": _plain(findings, language), "rules": words}, as_json=True, text="")
    else:
        _tell(findings, language, as_json=False)
        for _, lines in _rules_in_words(chosen, language):
            click.echo("\n" + "\n".join(lines))
    sys.exit(1 if errors(findings) else 0)


def _rules_in_words(folder: Path, language: Language) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Say the rule sets of a folder in words; one that cannot be read is passed over, its findings tell why."""
    for document in read_folder(folder):
        if document.kind is not DocumentKind.RULES:
            continue
        try:
            rule_set = parse_rule_set(document)
        except RuleFileError:
            continue
        words = in_words(rule_set, str(language), lambda word: label(word, language))
        yield document.name, tuple(one.text for one in words)


@config.command()
@_folder
@json_option
@refusing
def apply(folder: Path | None, *, as_json: bool) -> None:
    """Write changed documents to the database as new versions."""
    rt = runtime()
    language = Language(rt.settings.language)
    try:
        applied = apply_folder(rt, folder or rt.settings.config_dir)
    except RefusedConfigurationError as err:
        _tell(err.findings, language, as_json=as_json)
        click.echo(f"gridcase: {sentence(err.code, err.params, language)}", err=True)
        sys.exit(1)
    text = "\n".join(applied.changed) or "-"
    recomputed = recompute_provisional(rt) if applied.changes_timing else Recomputed()
    moved = {"cases": recomputed.cases, "deadlines": recomputed.deadlines}
    if recomputed.cases:
        text += f"\nrecomputed deadlines: {moved['deadlines']}, of cases: {moved['cases']}"
    answer(
        {"applied": list(applied.changed), "findings": _plain(applied.findings, language), "recomputed": moved},
        as_json=as_json,
        text=text,
    )


@config.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@json_option
@refusing
def preview(folder: Path, *, as_json: bool) -> None:
    """Say which deadlines of open cases the calendars and the conduct of a folder would move; nothing is written."""
    rt = runtime()
    language = Language(rt.settings.language)
    try:
        found = try_calendars(rt, folder, tell=lambda seen: click.echo(f"gridcase: {seen}", err=True))
    except RefusedConfigurationError as err:
        _tell(err.findings, language, as_json=as_json)
        click.echo(f"gridcase: {sentence(err.code, err.params, language)}", err=True)
        sys.exit(1)
    value = _preview(found, rt.settings.zone)
    totals = [f"{name}: {value[name]}" for name in _PREVIEW_TOTALS]
    header = ("number", "stage", "before", "after", "provisional")
    rows = [tuple(str(move[name]) for name in header) for move in value["moves"]]
    answer(value, as_json=as_json, text="\n".join([*totals, table(header, rows)]))


_PREVIEW_TOTALS = ("cases", "clocks", "moving", "later", "earlier", "on_apply")


def _preview(found: CalendarPreview, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "documents": list(found.documents),
        "cases": found.cases,
        "clocks": found.clocks,
        "moving": len(found.moves),
        "later": found.later,
        "earlier": found.earlier,
        "on_apply": found.on_apply,
        "moves": [_move(move, zone) for move in found.moves],
    }


def _move(move: Move, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "number": move.number,
        "stage": move.stage,
        "before": move.before.astimezone(zone).isoformat(),
        "after": move.after.astimezone(zone).isoformat(),
        "calendar_before": move.calendar_before,
        "calendar_after": move.calendar_after,
        "provisional": move.is_provisional,
    }


@config.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
@refusing
def export(folder: Path, *, as_json: bool) -> None:
    """Write the documents in force as files."""
    written = export_folder(runtime(), folder)
    answer({"documents": written}, as_json=as_json, text=f"{written}")


def _tell(findings: Iterable[Finding], language: Language, *, as_json: bool) -> None:
    plain = _plain(findings, language)
    lines = [f"{one['severity']}: {one['document']} {one['place']}: {one['text']}" for one in plain]
    answer({"findings": plain}, as_json=as_json, text="\n".join(lines) or "ok")


def _plain(findings: Iterable[Finding], language: Language) -> list[dict[str, Any]]:
    return [
        {
            "document": one.document,
            "place": one.place,
            "code": one.code,
            "severity": one.severity,
            "text": sentence(one.code, one.params, language),
        }
        for one in findings
    ]
