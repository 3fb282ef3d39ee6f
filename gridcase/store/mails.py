"""E-mail: what a person wants mailed and when, and the delivery of every digest.

A digest is one row for one person and one slot. Its state says whether it may be sent again: ``sending`` is written
and committed just before the server is handed the text, so that whoever finds it left behind knows that it may have
gone out, and does not send it a second time.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, UtcDateTime


class MailState(StrEnum):
    """Where a digest stands 投递状态."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class MailChoiceRow(Base):
    """What one person wants mailed: kinds of notices, at which hours of working days; no row is the default."""

    __tablename__ = "mail_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    is_on: Mapped[bool]
    kinds: Mapped[Any] = mapped_column(PlainJson)
    hours: Mapped[Any] = mapped_column(PlainJson)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MailDeliveryRow(Base):
    """One digest to one person.

    Parameters
    ----------
    slot
        The hour it is for: one digest a person and hour.
    address
        To where, as it was then.
    try_at
        Not before this; pushed back after each failure.
    lease_until
        While somebody sends it.
    problem
        Kind of the last failure and the server's code; never its text, which may quote the address.
    """

    __tablename__ = "mail_delivery"
    __table_args__ = (
        Index("uq_mail_delivery_slot", "person_id", "slot", unique=True),
        Index("ix_mail_delivery_state", "state", "try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    slot: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(120))
    notices: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(String(80), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
