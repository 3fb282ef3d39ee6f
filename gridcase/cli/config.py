"""``gridcase config``: check, apply and export configuration files."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.edge.texts import Language, sentence
from gridcase.rules.documents import Finding
from gridcase.services.configuring import RefusedConfigurationError, apply_folder, check_folder, errors, export_folder
from gridcase.settings import load_settings

_folder = click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))


@click.group()
def config() -> None:
    """Configuration files."""


@config.command()
@_folder
@json_option
@refusing
def check(folder: Path | None, *, as_json: bool) -> None:
    """Check configuration files without touching the database; exit 1 when there are errors."""
    settings = load_settings()
    findings = check_folder(folder or settings.config_dir)
    _tell(findings, Language(settings.language), as_json=as_json)
    sys.exit(1 if errors(findings) else 0)


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
    answer(
        {"applied": list(applied.changed), "findings": _plain(applied.findings, language)}, as_json=as_json, text=text
    )


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
