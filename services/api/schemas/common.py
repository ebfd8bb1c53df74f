"""The shapes every route shares: pages, problems, and how strict a body is read."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
)

MAX_NAME_CHARACTERS = 200
# The years the database takes; both included.
FIRST_YEAR = 2000
LAST_YEAR = 2100

_Item = TypeVar("_Item")
_Value = TypeVar("_Value")

# JSON has no ids, times or enums: these are written as strings and read as what they mean.
Spelled = Annotated[_Value, Strict(strict=False)]


def _require_text(value: object) -> object:
    """Let no number pass as a moment, and no year the database refuses."""
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            "A time is written as RFC 3339 with an offset, such as 2026-11-22T17:00:00+08:00;"
            " in an address + is %2B."
        )
    # Before the conversion: at the ends of the calendar an offset leads out of it.
    if FIRST_YEAR - 1 <= moment.year <= LAST_YEAR + 1:
        moment = moment.astimezone(UTC)
        if FIRST_YEAR <= moment.year <= LAST_YEAR:
            return moment
    raise ValueError("A time lies in the years 2000 to 2100.")


Id = Annotated[UUID, Strict(strict=False)]
Moment = Annotated[AwareDatetime, BeforeValidator(_require_text, json_schema_input_type=datetime)]
# One spelling for what looks the same: two names that differ only in how é is written are one.
Name = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME_CHARACTERS),
    AfterValidator(lambda name: unicodedata.normalize("NFC", name)),
]


class StrictModel(BaseModel):
    """A request body: no unknown fields, no number for a string, no NaN.

    Ids, times and enums are declared as `Id`, `Moment` and `Spelled[MyEnum]`.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class ReadModel(BaseModel):
    """A response; built from rows and dataclasses with `model_validate`."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(ReadModel, Generic[_Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[_Item]
    next_cursor: str | None = None


class ProblemPart(ReadModel):
    """One thing wrong with the input. `index` is the event's place in a batch."""

    pointer: str
    code: str
    detail: str
    index: int | None = None


class Problem(ReadModel):
    """RFC 9457. `code` is stable and made for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[ProblemPart] | None = None
