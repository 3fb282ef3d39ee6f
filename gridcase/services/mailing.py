"""Digests by e-mail: who gets one now, handing it to the mail server, and what could not be delivered.

A digest is made once for a person and hour, on working days, when there is something unread to tell; it holds counts,
case numbers, types and links, nothing that people wrote. It is handed over at most once: what was being handed over
when a process died is shown as uncertain and sent again only by an administrator (ADR 0017). Off without a server.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from gridcase.domain.actor import Actor, Role
from gridcase.domain.errors import GridcaseError, NotFoundError, invalid
from gridcase.domain.notices import MAILED_AT_FIRST, NoticeKind
from gridcase.exchange.mail import (
    CredentialsError,
    Letter,
    MailError,
    MailServer,
    MailTls,
    MailTryAgainError,
    MailUncertainError,
    hand_over,
    read_credentials,
)
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import only_for
from gridcase.settings import Settings
from gridcase.store import mails as store
from gridcase.store import people
from gridcase.store.database import Tx
from gridcase.store.mails import MailDeliveryRow, Mailed, MailedCase, MailState

__all__ = [
    "HOURS",
    "Choice",
    "Contact",
    "Digest",
    "Listed",
    "MailDeliveryRow",
    "MailedCase",
    "choose",
    "contact",
    "deliveries",
    "forget_mails",
    "is_mail_due",
    "make_digests",
    "send_again",
    "send_digests",
    "send_test",
]

#: Hours of the day that may be chosen.
HOURS = tuple(range(6, 22))
#: How long after each failure it is tried again; after the last it is given up.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
#: Whoever sends a digest has so long; nothing in the conversation waits longer than 20 s.
LEASE = timedelta(minutes=5)
#: What has lain unread for longer is not told of by e-mail.
_REACH = timedelta(days=4)
KEPT = timedelta(days=180)
_MOST_ADDRESS = 200
#: What mail servers take without quoting; nothing that could begin another header or command.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_ADMINISTERING = frozenset({Role.ADMIN, Role.SYSTEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person wants mailed: which kinds, at which full hours of working days."""

    is_on: bool
    kinds: tuple[NoticeKind, ...]
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a person is written to, and what."""

    address: str | None
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a letter is to say.

    Parameters
    ----------
    told
        Newest first.
    base
        Address of the console that links begin with; empty where none is set.
    """

    told: tuple[MailedCase, ...]
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A digest in the list of deliveries, with whose it is."""

    row: MailDeliveryRow
    username: str


#: Writes subject and text of a digest; the words are those of the floors above.
Write = Callable[[Digest], tuple[str, str]]


# --- what a person wants --------------------------------------------------------------------------------------------


def contact(rt: Runtime, actor: Actor) -> Contact:
    """Return where the actor is written to and what."""
    with rt.database.reading() as tx:
        address, row = store.contact(tx, actor.person)
    return Contact(address=address, choice=_choice(rt.settings, row))


def choose(rt: Runtime, actor: Actor, address: str | None, choice: Choice) -> Contact:
    """Note where the actor wants to be written to, and what.

    Raises
    ------
    InvalidInputError
        ``email_malformed`` or ``hours_out_of_range``, naming the field.
    """
    checked = checked_address(address)
    if not set(choice.hours) <= set(HOURS):
        raise invalid("hours", "hours_out_of_range", least=HOURS[0], most=HOURS[-1])
    with rt.database.writing() as tx:
        store.set_address(tx, actor.person, checked)
        store.set_choice(
            tx,
            {
                "person_id": actor.person,
                "is_on": choice.is_on,
                "kinds": [str(kind) for kind in choice.kinds],
                "hours": list(choice.hours),
                "changed_at": rt.clock.now(),
            },
        )
    return contact(rt, actor)


def checked_address(address: str | None) -> str | None:
    """Return an address without blanks around it, None for an empty one.

    Raises
    ------
    InvalidInputError
        ``email_malformed``: it is not one that mail servers take as it is.
    """
    text = (address or "").strip()
    if text and (len(text) > _MOST_ADDRESS or not _ADDRESS.fullmatch(text)):
        raise invalid("email", "email_malformed")
    return text or None


# --- by the clock ---------------------------------------------------------------------------------------------------


def is_mail_due(rt: Runtime) -> bool:
    """Tell whether a digest is to be made or sent now."""
    if not rt.settings.mail_server:
        return False
    with rt.database.reading() as tx:
        return store.is_any_due(tx, rt.clock.now()) or bool(_due(tx, rt))


def make_digests(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Make the digests whose hour has come and that have something to tell; return how many."""
    now = rt.clock.now()
    with rt.database.reading() as tx:
        due = _due(tx, rt)
        holders = people.holders(tx, now, now.astimezone(rt.settings.zone).date()) if due else ()
    made = 0
    for mailed, slot in due:
        alive()
        actors = [one for one in holders if one.person == mailed.person]
        made += _make(rt, mailed, slot, actors)
    return made


def send_digests(rt: Runtime, write: Write, *, alive: Callable[[], None] = lambda: None) -> int:
    """Hand over what waits, one after the other; return how many letters the server took.

    Raises
    ------
    GridcaseError
        ``mail_credentials_unusable``: the file with the account cannot be used.
    """
    server = mail_server(rt.settings)
    if server is None:
        return 0
    sent = 0
    while True:
        alive()
        now = rt.clock.now()
        with rt.database.writing() as tx:
            store.give_up_left_behind(tx, now)
            row = store.claim(tx, now, now + LEASE)
        if row is None:
            return sent
        sent += _send(rt, server, row, write)


def forget_mails(rt: Runtime) -> int:
    """Remove old digests; return how many there were."""
    with rt.database.writing() as tx:
        return store.forget_deliveries(tx, rt.clock.now() - KEPT)


# --- by an administrator --------------------------------------------------------------------------------------------


def deliveries(rt: Runtime, actor: Actor, *, dead: bool, limit: int = 100) -> tuple[Listed, ...]:
    """Return the newest digests, or of them only those that did not arrive for sure.

    Raises
    ------
    NotPermittedError
        The actor administers nothing.
    """
    only_for(actor, _ADMINISTERING)
    with rt.database.reading() as tx:
        return tuple(Listed(row=one[0], username=one[1]) for one in store.deliveries(tx, dead=dead, limit=limit))


def send_again(rt: Runtime, actor: Actor, delivery: int) -> None:
    """Let a digest be sent again that was refused, or of which nobody knows whether it went out.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such digest; the actor administers nothing.
    """
    only_for(actor, _ADMINISTERING)
    with rt.database.writing() as tx:
        if not store.revive(tx, delivery, rt.clock.now()):
            raise NotFoundError("mail_not_found", params={"id": delivery})


def send_test(rt: Runtime, address: str, words: tuple[str, str]) -> None:
    """Send one letter now, to see that the settings are right.

    Parameters
    ----------
    words
        Subject and text.

    Raises
    ------
    InvalidInputError, GridcaseError
        ``email_malformed``; ``mail_off``: no server is set; ``mail_failed``: with the reason.
    """
    checked = checked_address(address)
    if checked is None:
        raise invalid("email", "email_malformed")
    server = mail_server(rt.settings)
    if server is None:
        raise GridcaseError("mail_off")
    subject, text = words
    letter = Letter(to=checked, subject=subject, text=text, message_id=_message_id(server.sender), at=rt.clock.now())
    try:
        hand_over(server, letter)
    except MailError as err:
        raise GridcaseError("mail_failed", params={"reason": err.reason}) from err


def mail_server(settings: Settings) -> MailServer | None:
    """Return where letters are handed over; None when e-mail is off.

    Raises
    ------
    GridcaseError
        ``mail_settings_wrong`` names the setting; ``mail_credentials_unusable`` what is wrong with the file.
    """
    if not settings.mail_server:
        return None
    host, _, port = settings.mail_server.partition(":")
    if settings.mail_tls not in set(MailTls):
        raise GridcaseError("mail_settings_wrong", params={"setting": "mail_tls"})
    tls = MailTls(settings.mail_tls)
    if not host or (port and not port.isdecimal()):
        raise GridcaseError("mail_settings_wrong", params={"setting": "mail_server"})
    if not _ADDRESS.fullmatch(settings.mail_from):
        raise GridcaseError("mail_settings_wrong", params={"setting": "mail_from"})
    user, password = "", ""
    if settings.mail_credentials:
        try:
            user, password = read_credentials(Path(settings.mail_credentials))
        except CredentialsError as err:
            raise GridcaseError("mail_credentials_unusable", params={"reason": err.reason}) from err
    return MailServer(
        host=host,
        port=int(port) if port else _PORTS[tls],
        tls=tls,
        sender=settings.mail_from,
        user=user,
        password=password,
    )


_PORTS = {MailTls.NONE: 25, MailTls.STARTTLS: 587, MailTls.TLS: 465}


def _choice(settings: Settings, row: store.MailChoiceRow | None) -> Choice:
    if row is None:
        kinds = tuple(kind for kind in NoticeKind if kind in MAILED_AT_FIRST)
        return Choice(is_on=True, kinds=kinds, hours=(settings.mail_hour,))
    known = set(NoticeKind)
    return Choice(
        is_on=row.is_on,
        kinds=tuple(NoticeKind(word) for word in row.kinds if word in known),
        hours=tuple(row.hours),
    )


def _due(tx: Tx, rt: Runtime) -> tuple[tuple[Mailed, datetime], ...]:
    """Return who is to get a digest of which hour, without looking whether there is anything to tell."""
    now = rt.clock.now().astimezone(rt.settings.zone)
    rules = rt.reference().rules
    if not rules.calendars[rules.conduct.calendar].day(now.date()).is_working:
        return ()
    found = []
    for one in store.reachable(tx):
        choice = _choice(rt.settings, one.choice)
        begun = [hour for hour in choice.hours if hour <= now.hour]
        if choice.is_on and choice.kinds and begun:
            slot = datetime.combine(now.date(), time(max(begun)), tzinfo=rt.settings.zone)
            found.append((one, slot))
    made = store.slots_of(tx, tuple({slot for _, slot in found})) if found else frozenset()
    return tuple((one, slot) for one, slot in found if (one.person, slot) not in made)


def _make(rt: Runtime, mailed: Mailed, slot: datetime, actors: list[Actor]) -> bool:
    """Make a digest of what was told before its hour, so that one made late says the same."""
    kinds = [str(kind) for kind in _choice(rt.settings, mailed.choice).kinds]
    with rt.database.writing() as tx:
        told = store.to_mail(tx, actors, kinds, slot - _REACH, slot)
        if not told:
            return False
        now = rt.clock.now()
        made = store.add_delivery(
            tx,
            {
                "person_id": mailed.person,
                "slot": slot,
                "address": mailed.address,
                "message_id": _message_id(rt.settings.mail_from),
                "notices": len(told),
                "state": str(MailState.WAITING),
                "attempts": 0,
                "try_at": now,
                "problem": "",
                "made_at": now,
            },
            told,
        )
        return made is not None


def _send(rt: Runtime, server: MailServer, row: MailDeliveryRow, write: Write) -> bool:
    now = rt.clock.now()
    with rt.database.reading() as tx:
        holders = people.holders(tx, now, now.astimezone(rt.settings.zone).date())
        told = store.still_to_tell(tx, row.id, [one for one in holders if one.person == row.person_id])
    if not told:
        _note(rt, row, state=str(MailState.READ), ended_at=now)
        return False
    subject, text = write(Digest(told=told, base=rt.settings.public_url.rstrip("/")))
    letter = Letter(to=row.address, subject=subject, text=text, message_id=row.message_id, at=now)

    return _handed_over(rt, server, row, letter)


def _handed_over(rt: Runtime, server: MailServer, row: MailDeliveryRow, letter: Letter) -> bool:
    """Hand a letter over and note what came of it; True when the server took it."""

    def begin() -> None:
        assert row.lease_until is not None  # noqa: S101 - it was claimed
        with rt.database.writing() as tx:
            if not store.begin_sending(tx, row.id, row.lease_until):
                raise _TakenOverError

    try:
        hand_over(server, letter, before_text=begin)
    except _TakenOverError:
        return False
    except MailTryAgainError as err:
        _try_later(rt, row, err.reason)
        return False
    except MailError as err:
        state = MailState.UNCERTAIN if isinstance(err, MailUncertainError) else MailState.REFUSED
        _note(rt, row, state=str(state), problem=err.reason, ended_at=rt.clock.now())
        return False
    _note(rt, row, state=str(MailState.SENT), problem="", ended_at=rt.clock.now())
    return True


class _TakenOverError(Exception):
    """Somebody else sends it; nothing was handed over here."""


def _try_later(rt: Runtime, row: MailDeliveryRow, reason: str) -> None:
    now = rt.clock.now()
    if row.attempts > len(BACK_OFF):
        _note(rt, row, state=str(MailState.REFUSED), problem=reason, ended_at=now)
    else:
        again = now + BACK_OFF[row.attempts - 1]
        _note(rt, row, state=str(MailState.WAITING), problem=reason, try_at=again)


def _note(rt: Runtime, row: MailDeliveryRow, **values: object) -> None:
    with rt.database.writing() as tx:
        store.set_delivery(tx, row.id, **values, lease_until=None)


def _message_id(sender: str) -> str:
    return f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2] or 'gridcase'}>"
