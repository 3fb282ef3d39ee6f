"""``gridcase mail``: try the settings, send what is due, see what did not arrive."""

import click

from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime, table
from gridcase.edge.letters import digest_letter, trial_letter
from gridcase.edge.texts import Language
from gridcase.services.mailing import deliveries, make_digests, send_again, send_digests, send_test


@click.group()
def mail() -> None:
    """Digests by e-mail."""


@mail.command()
@click.argument("address")
@json_option
@refusing
def test(address: str, *, as_json: bool) -> None:
    """Send one letter to ADDRESS now, to see that the settings are right."""
    rt = runtime()
    send_test(rt, address, trial_letter(Language(rt.settings.language)))
    answer({"sent": True}, as_json=as_json, text="the mail server took the letter")


@mail.command()
@json_option
@refusing
def digest(*, as_json: bool) -> None:
    """Make the digests whose hour has come, and send what waits."""
    rt = runtime()
    reference, language = rt.reference(), Language(rt.settings.language)
    made = make_digests(rt)
    sent = send_digests(rt, lambda one: digest_letter(one, reference, language))
    answer({"made": made, "sent": sent}, as_json=as_json, text=f"made: {made}, sent: {sent}")


@mail.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those that arrived, too.")
@json_option
@refusing
def list_command(*, is_all: bool, as_json: bool) -> None:
    """Show the digests that were refused, or of which nobody knows whether they went out."""
    found = [
        {
            "id": one.row.id,
            "username": one.username,
            "slot": one.row.slot.isoformat(),
            "notices": one.row.notices,
            "state": one.row.state,
            "attempts": one.row.attempts,
            "problem": one.row.problem,
        }
        for one in deliveries(runtime(), OPERATOR, dead=not is_all)
    ]
    answer(found, as_json=as_json, text=table(_COLUMNS, [tuple(str(one[name]) for name in _COLUMNS) for one in found]))


_COLUMNS = ("id", "username", "slot", "notices", "state", "attempts", "problem")


@mail.command()
@click.argument("delivery", type=click.IntRange(min=1, max=2**31 - 1))
@json_option
@refusing
def again(delivery: int, *, as_json: bool) -> None:
    """Let a digest be sent again; it goes out with the next run."""
    send_again(runtime(), OPERATOR, delivery)
    answer({"id": delivery}, as_json=as_json, text=f"{delivery}: waits to be sent")
