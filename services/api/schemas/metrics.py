"""Numbers: what each metric is, its cells, the rows behind one, and the page of them all."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel
from services.core.metrics import service as metrics
from services.core.metrics.sheets import BINS
from services.core.metrics.types import (
    Cell,
    Definition,
    Exclusion,
    Feed,
    Measure,
    Measured,
    NoNumber,
    Split,
    Unit,
)


class WordsView(ReadModel):
    zh: str
    en: str


class DefinitionView(ReadModel):
    """What a number means. A change of what is counted is a new `version`.

    `of` are the two metrics a ratio or a difference stands on: what is divided by, or subtracted
    from, and the other. `needs` is the feed without which there is no number.
    """

    name: str
    version: int
    title: WordsView
    meaning: WordsView
    unit: Unit
    measure: Measure
    by: list[Split]
    default_by: Split | None
    excludes: list[Exclusion]
    needs: Feed
    of: list[str]
    summed: bool

    @classmethod
    def of_definition(cls, found: Definition) -> Self:
        return cls(
            name=found.name,
            version=found.version,
            title=WordsView.model_validate(found.title),
            meaning=WordsView.model_validate(found.meaning),
            unit=found.unit,
            measure=found.measure,
            by=metrics.splits_of(found),
            default_by=found.default_by,
            excludes=list(found.exclusions),
            needs=found.feed,
            of=list(found.of or ()),
            summed=found.rolled is not None,
        )


class DefinitionsView(ReadModel):
    metrics: list[DefinitionView]


class SpreadView(ReadModel):
    """How many took so long, the upper edge included."""

    up_to_1h: int
    up_to_4h: int
    up_to_8h: int
    up_to_24h: int
    over_24h: int


class NumberView(ReadModel):
    """One number. `value` is null for the `reason`; a zero was looked at.

    `count` rows stand behind it. Of a share, `part` of them have the mark; of a ratio `part` is
    divided by `count`, of a difference it is taken away. Median and p90 are of times, in seconds.
    """

    key: str
    value: float | None
    reason: NoNumber | None
    count: int
    part: int
    median: float | None
    p90: float | None
    histogram: SpreadView | None

    @classmethod
    def of(cls, cell: Cell) -> Self:
        spread = dict(zip(BINS, cell.histogram, strict=True)) if cell.histogram else None
        names = ("key", "value", "reason", "count", "part", "median", "p90")
        return cls.model_validate(
            {name: getattr(cell, name) for name in names} | {"histogram": spread}
        )


class MeasuredView(ReadModel):
    """A metric from `from` to before `to`. `truncated` when there are more keys than are told."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    name: str
    version: int
    unit: Unit
    start: Annotated[datetime, Field(alias="from")]
    end: Annotated[datetime, Field(alias="to")]
    tz: str
    by: Split | None
    as_of: datetime
    observed_since: datetime | None
    total: NumberView
    items: list[NumberView]
    truncated: bool

    @classmethod
    def of(cls, found: Measured) -> Self:
        return cls(
            name=found.definition.name,
            version=found.definition.version,
            unit=found.definition.unit,
            start=found.range.start,
            end=found.range.end,
            tz=found.range.zone,
            by=found.by,
            as_of=found.as_of,
            observed_since=found.observed_since,
            total=NumberView.of(found.total),
            items=[NumberView.of(cell) for cell in found.items],
            truncated=found.truncated,
        )


class RowView(ReadModel):
    """One row behind a number: `id` is of a `subject`, read where such things are read.

    `part` says whether it has the mark, `value` what it added: seconds, or how often.
    """

    id: UUID
    subject: str
    at: datetime
    part: bool
    value: float | None
