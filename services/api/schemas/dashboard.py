"""The community-health page as it is read."""

from datetime import date, datetime
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, TypeAdapter

from services.api.schemas.common import ReadModel, StrictModel
from services.api.schemas.metrics import NumberView, WordsView
from services.core.metrics.pages import Dashboard, Figure
from services.core.metrics.types import NoNumber, Unit


class FigureView(ReadModel):
    """A number of the page; `before` is what it was in as many days just before.

    `change` is how much more it is, as a share of before: 0.1 is a tenth more.
    """

    name: str
    title: WordsView
    unit: Unit
    now: NumberView
    before: NumberView | None
    change: float | None

    @classmethod
    def of(cls, found: Figure) -> Self:
        return cls(
            name=found.name,
            title=WordsView.model_validate(found.title),
            unit=found.unit,
            now=NumberView.of(found.now),
            before=NumberView.of(found.before) if found.before else None,
            change=found.change,
        )


class PointView(ReadModel):
    day: date
    value: float | None
    reason: NoNumber | None


# Hundreds of them: a line of days in one call.
_POINTS: Final = TypeAdapter(list[PointView])


class DashboardView(ReadModel):
    """The days from `from` to before `to`, of the zone `tz`, out of sums of days.

    `as_of` is when the oldest of the sums was made; `stale_days` of them are being made again.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    tz: str
    as_of: datetime | None
    stale_days: int
    chapters: dict[str, list[FigureView]]
    series: dict[str, list[PointView]]
    negative_breakdown: dict[str, int]

    @classmethod
    def of(cls, found: Dashboard, until: date) -> Self:
        chapters = {
            name: [FigureView.of(figure) for figure in figures]
            for name, figures in found.chapters.items()
        }
        series = {
            name: _POINTS.validate_python(points, from_attributes=True)
            for name, points in found.series.items()
        }
        return cls(
            start=found.first,
            end=until,
            tz=found.zone,
            as_of=found.as_of,
            stale_days=found.stale_days,
            chapters=chapters,
            series=series,
            negative_breakdown=found.negative_breakdown,
        )


class DayZone(StrictModel):
    """An IANA name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tz": "Asia/Shanghai"}]})

    tz: Annotated[str, Field(min_length=1, max_length=64)]
