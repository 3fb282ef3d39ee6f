"""Digests go to a real mail server on the loopback address: at their hour, once, with nothing personal in them."""

import email
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gridcase.domain.errors import GridcaseError, InvalidInputError, NotFoundError, NotPermittedError
from gridcase.domain.notices import NoticeKind
from gridcase.edge.letters import digest_letter, trial_letter
from gridcase.edge.texts import Language
from gridcase.exchange import mail
from gridcase.exchange.mail import CredentialsError, read_credentials
from gridcase.services import inbox, mailing
from gridcase.services.mailing import (
    BACK_OFF,
    LEASE,
    Choice,
    choose,
    contact,
    deliveries,
    is_mail_due,
    make_digests,
    send_again,
    send_digests,
    send_test,
)
from gridcase.services.telling_news import tell_news
from tests.feeds import settle
from tests.office import MONDAY, Office

ADDRESS = "unit@example.org"
#: 14:00 in Changzhou on the Monday of the tests.
AFTERNOON = MONDAY.replace(hour=6)


class Mailbox:
    """What a mail server does with letters: takes them, or answers as it is told to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.to_rcpt = self.to_data = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_rcpt:
            return self.to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_data:
            return self.to_data
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        self.recipients += envelope.rcpt_tos
        return "250 OK"


class AnyPort(Controller):
    """Listens on a port that the system chooses; the library's own trial connection goes to the one it was given."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mailing_office(office: Office, mailbox: Mailbox) -> Iterator[Office]:
    """An office with a mail server, whose unit leader has an address and a case since the morning."""
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    office.rt.settings = replace(
        office.rt.settings,
        mail_server=f"127.0.0.1:{controller.port}",
        mail_tls="none",
        mail_from="gridcase@example.org",
        public_url="https://grid.example.org/",
    )
    want(office, hours=(14,))
    office.caller("inspector").file(office.filing(address="南大街 88 号", description="张三报的"))
    settle(office)
    tell_news(office.rt)
    yield office
    controller.stop()


def want(office: Office, *, hours: tuple[int, ...], is_on: bool = True, address: str | None = ADDRESS) -> None:
    kinds = (NoticeKind.ASSIGNED, NoticeKind.URGED)
    choose(office.rt, office.actor("unit_leader"), address, Choice(is_on=is_on, kinds=kinds, hours=hours))


def run(office: Office, at: datetime | None = None) -> tuple[int, int]:
    """Make and send what is due; return how many of each."""
    if at is not None:
        office.clock.instant = at
    reference = office.rt.reference()
    made = make_digests(office.rt)
    return made, send_digests(office.rt, lambda one: digest_letter(one, reference, Language.ZH))


def states(office: Office) -> list[tuple[str, int, str]]:
    found = deliveries(office.rt, office.actor("admin"), dead=False)
    return [(one.row.state, one.row.attempts, one.row.problem) for one in found]


def test_a_digest_goes_out_at_the_hour_and_not_before(mailing_office, mailbox):
    assert run(mailing_office, AFTERNOON - timedelta(seconds=1)) == (0, 0)
    assert not is_mail_due(mailing_office.rt)
    mailing_office.clock.instant = AFTERNOON
    assert is_mail_due(mailing_office.rt)
    assert run(mailing_office) == (1, 1)
    assert not is_mail_due(mailing_office.rt)
    assert run(mailing_office, AFTERNOON + timedelta(hours=3)) == (0, 0)
    assert mailbox.recipients == [ADDRESS]
    assert states(mailing_office) == [("sent", 1, "")]


def test_a_letter_says_how_many_and_which_and_nothing_personal(mailing_office, mailbox):
    run(mailing_office, AFTERNOON)
    (letter,) = mailbox.letters
    number = mailing_office.caller("leader").get("/cases").json["items"][0]["number"]
    text = letter.get_content()
    assert letter["Subject"] == "网格案件：1 条未读消息"
    assert f"{number}  占用消防通道  新派案件  https://grid.example.org/cases/{number}" in text
    assert "https://grid.example.org/notices" in text
    for personal in ("南大街 88 号", "张三", "inspector", "unit_leader"):
        assert personal not in letter.as_string()
        assert personal not in text
    assert (letter["Auto-Submitted"], letter["To"]) == ("auto-generated", ADDRESS)


def test_a_trial_letter_may_be_english():
    assert trial_letter(Language.EN) == ("Grid cases: trial letter", "The e-mail settings are right.")


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (datetime(2026, 10, 17, 6, tzinfo=UTC), "a Saturday"),
        (datetime(2026, 10, 18, 6, tzinfo=UTC), "a Sunday"),
    ],
)
def test_nothing_goes_out_on_a_day_off(mailing_office, day, why):
    assert run(mailing_office, day) == (0, 0), why


def test_nothing_goes_out_when_there_is_nothing_to_tell(mailing_office, mailbox):
    inbox.read(mailing_office.rt, mailing_office.actor("unit_leader"), up_to=2**31 - 1)
    assert run(mailing_office, AFTERNOON) == (0, 0)
    assert states(mailing_office) == []
    assert mailbox.letters == []


def test_what_is_told_after_the_hour_waits_for_the_next(mailing_office, mailbox):
    want(mailing_office, hours=(14, 16))
    run(mailing_office, AFTERNOON)
    number = mailing_office.caller("leader").get("/cases").json["items"][0]["number"]
    mailing_office.clock.instant = AFTERNOON + timedelta(minutes=5)
    mailing_office.caller("dispatcher").act(number, "urge", text="请尽快")
    settle(mailing_office)
    tell_news(mailing_office.rt)
    assert run(mailing_office) == (0, 0)
    assert run(mailing_office, AFTERNOON + timedelta(hours=2)) == (1, 1)
    assert "催办: 1" in mailbox.letters[-1].get_content()
    assert "新派案件" not in mailbox.letters[-1].get_content()


def test_what_was_read_meanwhile_is_not_sent(mailing_office, mailbox):
    mailbox.to_rcpt = "451 later"
    run(mailing_office, AFTERNOON)
    inbox.read(mailing_office.rt, mailing_office.actor("unit_leader"), up_to=2**31 - 1)
    mailbox.to_rcpt = ""
    assert run(mailing_office, AFTERNOON + timedelta(hours=1)) == (0, 0)
    assert states(mailing_office) == [("read", 2, "451")]


def test_a_case_that_went_to_another_unit_is_not_told_of(mailing_office, mailbox):
    number = mailing_office.caller("leader").get("/cases").json["items"][0]["number"]
    mailing_office.caller("dispatcher").act(number, "reassign", unit="NDJ-HW", reason="workload")
    assert run(mailing_office, AFTERNOON) == (0, 0)
    assert mailbox.letters == []


def test_who_wants_none_or_has_no_address_gets_none(mailing_office):
    want(mailing_office, hours=(14,), is_on=False)
    assert run(mailing_office, AFTERNOON) == (0, 0)
    want(mailing_office, hours=(14,), address="")
    assert run(mailing_office) == (0, 0)
    assert contact(mailing_office.rt, mailing_office.actor("unit_leader")).address is None


def test_a_busy_server_is_asked_again_at_growing_intervals_and_then_given_up(mailing_office, mailbox):
    mailbox.to_data = "451 try later"
    run(mailing_office, AFTERNOON)
    assert states(mailing_office) == [("waiting", 1, "451")]
    for tried, pause in enumerate(BACK_OFF, start=2):
        assert run(mailing_office, mailing_office.clock.now() + pause - timedelta(seconds=1)) == (0, 0)
        run(mailing_office, mailing_office.clock.now() + timedelta(seconds=1))
        assert states(mailing_office)[0][1] == tried
    assert states(mailing_office) == [("refused", len(BACK_OFF) + 1, "451")]
    assert run(mailing_office, mailing_office.clock.now() + timedelta(days=1)) == (0, 0)


def test_a_refusal_is_final_until_an_administrator_sends_it_again(mailing_office, mailbox):
    mailbox.to_rcpt = "550 no such mailbox unit@example.org"
    run(mailing_office, AFTERNOON)
    admin = mailing_office.actor("admin")
    (dead,) = deliveries(mailing_office.rt, admin, dead=True)
    assert (dead.row.state, dead.row.problem, dead.username) == ("refused", "550", "unit_leader")
    mailbox.to_rcpt = ""
    with pytest.raises(NotPermittedError):
        send_again(mailing_office.rt, mailing_office.actor("dispatcher"), dead.row.id)
    send_again(mailing_office.rt, admin, dead.row.id)
    assert run(mailing_office) == (0, 1)
    with pytest.raises(NotFoundError):
        send_again(mailing_office.rt, admin, dead.row.id)
    assert len(mailbox.letters) == 1


def test_a_crash_between_sending_and_noting_doubles_nothing(mailing_office, mailbox, monkeypatch):
    def killed(*_args: object, **_values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing, "_note", killed)
    with pytest.raises(KeyboardInterrupt):
        run(mailing_office, AFTERNOON)
    monkeypatch.undo()
    assert len(mailbox.letters) == 1
    assert [state for state, *_ in states(mailing_office)] == ["sending"]
    assert run(mailing_office, AFTERNOON + timedelta(minutes=1)) == (0, 0)
    assert run(mailing_office, AFTERNOON + LEASE + timedelta(seconds=1)) == (0, 0)
    assert states(mailing_office) == [("uncertain", 1, "left_behind")]
    assert len(mailbox.letters) == 1


def test_a_crash_before_the_text_loses_nothing(mailing_office, mailbox, monkeypatch):
    def killed(*_args: object, **_values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing.store, "begin_sending", killed)
    with pytest.raises(KeyboardInterrupt):
        run(mailing_office, AFTERNOON)
    monkeypatch.undo()
    assert mailbox.letters == []
    assert run(mailing_office, AFTERNOON + LEASE + timedelta(seconds=1)) == (0, 1)
    assert len(mailbox.letters) == 1


def test_a_connection_that_breaks_while_the_text_goes_out_leaves_it_uncertain(mailing_office, monkeypatch):
    def broken(_smtp: smtplib.SMTP, _text: bytes) -> tuple[int, bytes]:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(mail.smtplib.SMTP, "data", broken)
    run(mailing_office, AFTERNOON)
    assert states(mailing_office) == [("uncertain", 1, "connection_broke")]


def test_a_server_that_is_not_there_is_asked_again(mailing_office):
    mailing_office.rt.settings = replace(mailing_office.rt.settings, mail_server="127.0.0.1:1")
    run(mailing_office, AFTERNOON)
    assert states(mailing_office) == [("waiting", 1, "no_connection")]


def test_a_server_without_tls_is_not_spoken_to_where_tls_is_wanted(mailing_office):
    mailing_office.rt.settings = replace(mailing_office.rt.settings, mail_tls="starttls")
    run(mailing_office, AFTERNOON)
    assert states(mailing_office) == [("refused", 1, "not_supported")]


def test_a_password_is_never_sent_without_tls(mailing_office, mailbox, tmp_path):
    mailing_office.rt.settings = replace(mailing_office.rt.settings, mail_credentials=str(account(tmp_path)))
    with pytest.raises(GridcaseError) as caught:
        send_test(mailing_office.rt, ADDRESS, ("a", "b"))
    assert (caught.value.code, caught.value.params) == ("mail_failed", {"reason": "password_needs_tls"})
    assert mailbox.letters == []


def account(folder: Path, text: str = "user\nsecret\n", mode: int = 0o600) -> Path:
    file = folder / "account"
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def test_the_account_stands_in_a_file_that_only_its_owner_reads(tmp_path):
    assert read_credentials(account(tmp_path)) == ("user", "secret")
    for text, mode, reason in (
        ("user\nsecret\n", 0o640, "readable_by_others"),
        ("user\n", 0o600, "two_lines_expected"),
        ("\nsecret\n", 0o600, "two_lines_expected"),
    ):
        with pytest.raises(CredentialsError) as caught:
            read_credentials(account(tmp_path, text, mode))
        assert caught.value.reason == reason
    with pytest.raises(CredentialsError):
        read_credentials(tmp_path / "nowhere")


def test_a_trial_letter_is_sent_at_once(mailing_office, mailbox):
    send_test(mailing_office.rt, ADDRESS, trial_letter(Language.ZH))
    assert mailbox.letters[0]["Subject"] == "网格案件系统：邮件测试"


@pytest.mark.parametrize(
    "address",
    [
        "no-at",
        "a@b",
        "a b@example.org",
        "a@example.org\nBcc: all@example.org",
        "a@example.org\r\nRCPT TO:<x@y.z>",
        "<a@example.org>",
        "a@example.org, b@example.org",
        "é@example.org",
        "a" * 200 + "@example.org",
    ],
)
def test_an_address_that_could_carry_more_than_an_address_is_refused(mailing_office, address):
    with pytest.raises(InvalidInputError):
        want(mailing_office, hours=(14,), address=address)
    with pytest.raises(InvalidInputError):
        send_test(mailing_office.rt, address, ("a", "b"))


def test_hours_of_the_night_are_refused(mailing_office):
    with pytest.raises(InvalidInputError):
        want(mailing_office, hours=(3,))


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"mail_tls": "ssl"}, "mail_tls"),
        ({"mail_server": ":25"}, "mail_server"),
        ({"mail_server": "host:port"}, "mail_server"),
        ({"mail_from": "nobody"}, "mail_from"),
    ],
)
def test_a_wrong_setting_is_named(mailing_office, changes, setting):
    mailing_office.rt.settings = replace(mailing_office.rt.settings, **changes)
    with pytest.raises(GridcaseError) as caught:
        send_test(mailing_office.rt, ADDRESS, ("a", "b"))
    assert (caught.value.code, caught.value.params) == ("mail_settings_wrong", {"setting": setting})


def test_without_a_server_nothing_is_made_or_sent(office):
    assert not is_mail_due(office.rt)
    assert send_digests(office.rt, lambda _one: ("", "")) == 0
    with pytest.raises(GridcaseError) as caught:
        send_test(office.rt, ADDRESS, ("a", "b"))
    assert caught.value.code == "mail_off"


def test_old_digests_are_forgotten(mailing_office):
    run(mailing_office, AFTERNOON)
    assert mailing.forget_mails(mailing_office.rt) == 0
    mailing_office.clock.instant += mailing.KEPT + timedelta(days=1)
    assert mailing.forget_mails(mailing_office.rt) == 1
