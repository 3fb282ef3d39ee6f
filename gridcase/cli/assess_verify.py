"""``gridcase assess verify``: is a package what was handed over, and by whom? Needs file and key, no database."""

import sys
from pathlib import Path

import click

from gridcase.cli.shell import answer, json_option, said
from gridcase.domain.errors import Problem
from gridcase.edge.texts import Language
from gridcase.settings import SettingsError, load_settings

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=_file)
@click.option("--public-key", type=_file, help="The sender's public key in PEM, from the sender and not with the file.")
@click.option("--unsigned", is_flag=True, help="Be content with integrity; who made it stays unproven.")
@json_option
def verify(*, file: Path, public_key: Path | None, unsigned: bool, as_json: bool) -> None:
    """Prove that a month's package is unchanged and was signed with this key.

    Exit 1 when anything was changed, added, removed or repeated, when figures do not follow from each other, or when no
    key was given (unless --unsigned). A package that was merely packed anew is unchanged.
    """
    from gridcase.assessment.proof import verify_package
    from gridcase.assessment.signing import KeyUnreadableError, read_public_key

    if public_key is not None and unsigned:
        raise click.UsageError("--public-key and --unsigned exclude each other")
    try:
        key = read_public_key(public_key.read_bytes()) if public_key else None
    except KeyUnreadableError as err:
        raise click.BadParameter("is no Ed25519 public key in PEM", param_hint="--public-key") from err
    verdict = verify_package(file, key)
    problems = list(verdict.problems)
    if key is None and not unsigned:
        problems.append(Problem(code="authorship_not_proven"))
    language = _language()
    manifest = verdict.manifest
    value = {
        "file": str(file),
        "ok": not problems,
        "signed": verdict.is_signed,
        "key_id": key.id if key else None,
        **{
            name: manifest.get(name)
            for name in ("area", "period", "cut_off", "draft", "revision", "audit", "rule_sets")
        },
        "problems": [{"code": one.code, "params": dict(one.params), "text": said(one, language)} for one in problems],
    }
    lines = [said(one, language) for one in problems]
    if not problems:
        lines = [f"ok: {value['area']} {value['period']}, {f'signed by {key.id}' if key else 'not proven by whom'}"]
    answer(value, as_json=as_json, text="\n".join(lines))
    sys.exit(1 if problems else 0)


def _language() -> Language:
    try:
        return Language(load_settings().language)
    except (SettingsError, ValueError):
        return Language.ZH
