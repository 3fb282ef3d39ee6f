"""Campaigns 专项行动: planned checks of listed places, whose result may well be "no problem"."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, UtcDateTime


class CampaignRow(Base):
    """A campaign; cases found in it carry its code."""

    __tablename__ = "campaign"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CampaignPlaceRow(Base):
    """A place on the list of a campaign, and what was found there."""

    __tablename__ = "campaign_place"
    __table_args__ = (Index("ix_campaign_place_inspector", "inspector_id", "visited_at"),)

    campaign: Mapped[str] = mapped_column(ForeignKey("campaign.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    lon_e7: Mapped[int | None]
    lat_e7: Mapped[int | None]
    cell: Mapped[str | None] = mapped_column(String(15))
    inspector_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"))
