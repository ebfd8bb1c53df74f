"""Sums of days: which day is up to date, what it came to, and who wrote on it."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, BigInteger, Date, Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.db import Base, Json, Key


class MetricHeadRow(Base):
    """One a workspace: whose days are summed up, under which definitions, and how well they add."""

    __tablename__ = "metric_heads"

    workspace_id: Mapped[Key]
    zone: Mapped[str]
    # Of the names and versions of what is summed up: another one, and every day is done again.
    digest: Mapped[str]
    recounted_at: Mapped[datetime | None]
    mismatches: Mapped[int] = mapped_column(server_default=text("0"))
    # Days that take long are not done again all the time: not before then.
    rests_until: Mapped[datetime | None]


class MetricDayRow(Base):
    """A day of the workspace's zone. `stale_since` is None while its sums are what they should."""

    __tablename__ = "metric_days"
    __table_args__ = (
        Index(
            "ix_metric_days_stale",
            "workspace_id",
            "day",
            postgresql_where=text("stale_since IS NOT NULL"),
        ),
    )

    workspace_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    stale_since: Mapped[datetime | None]
    as_of: Mapped[datetime | None]
    # How many people commented, and how many of them had before.
    people: Mapped[int | None]
    known: Mapped[int | None]
    # How many had within one day before, within two, and so on: whoever is new to a range of days
    # had not since its first, so people are counted from one number of each day.
    within: Mapped[list[int] | None] = mapped_column(ARRAY(Integer()))


class MetricRollupRow(Base):
    """What one metric came to on one day for one key of a split; replaced with its whole day."""

    __tablename__ = "metric_rollups"
    __table_args__ = (Index("ix_metric_rollups_day", "workspace_id", "day"),)

    workspace_id: Mapped[Key]
    metric: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger())
    part: Mapped[int] = mapped_column(BigInteger())
    total: Mapped[Decimal | None] = mapped_column(Numeric())
    # How many values fell into which bin, by its number in `rules.EDGES`.
    bins: Mapped[Json | None]


class MetricPersonRow(Base):
    """That a follower commented on a day, and on which day before: people add up by it.

    Who is new to a range of days is who has no earlier day inside it; so the number of different
    people in any range is a sum over days.
    """

    __tablename__ = "metric_people"
    __table_args__ = (Index("ix_metric_people_day", "workspace_id", "day"),)

    workspace_id: Mapped[Key]
    follower_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    said: Mapped[int]
    since: Mapped[date | None] = mapped_column(Date())
