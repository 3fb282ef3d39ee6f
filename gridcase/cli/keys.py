"""``gridcase keys``: the key that signs what this instance hands over."""

from pathlib import Path

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.services.steps.keys import KEY_FILE, signing_key


@click.group()
def keys() -> None:
    """The signing key of this instance."""


@keys.command()
@json_option
@refusing
def show(*, as_json: bool) -> None:
    """Print the key's id and its public half; the private half never leaves the data folder."""
    rt = runtime()
    public = signing_key(rt.settings.data_dir).public
    pem = public.pem.decode()
    value = {
        "key_id": public.id,
        "algorithm": "Ed25519",
        "public_key": pem,
        "file": str(rt.settings.data_dir / KEY_FILE),
    }
    answer(value, as_json=as_json, text=f"{public.id}\n{pem}".rstrip())


@keys.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@json_option
@refusing
def export(*, out: Path, as_json: bool) -> None:
    """Write the public key as PEM, for whoever receives packages."""
    public = signing_key(runtime().settings.data_dir).public
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(public.pem)
    answer({"key_id": public.id, "file": str(out)}, as_json=as_json, text=f"{public.id}  {out}")
