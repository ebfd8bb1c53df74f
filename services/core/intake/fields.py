"""The kinds of field a payload is made of, each with its bound and what is said when it is broken.

Strings are read by our own functions, not by pydantic's: pydantic refuses lone surrogates, which
JSON allows and a comment may well contain. Sentences never repeat the value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, Strict, ValidationInfo
from pydantic_core import PydanticCustomError

from services.core.kit.text import clean, clean_tree

MAX_ID_CHARACTERS = 256
MAX_TEXT_CHARACTERS = 10_000
MAX_LABEL_CHARACTERS = 256
MAX_URL_CHARACTERS = 4_096
MAX_LIST_ITEMS = 100
MAX_COUNT = 2**63 - 1
MAX_TIMESTAMP_CHARACTERS = 64

# The years the database takes; both included.
FIRST_YEAR = 2000
LAST_YEAR = 2100

_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")
_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-9]{2}:(?P<second>[0-9]{2})(\.[0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_SECOND = "60"


@dataclass(slots=True)
class Remarks:
    """Handed to validation as its context: what was noticed on the way without being wrong."""

    sanitized: bool = False


def read_id(value: Any) -> str:
    """Return an id of the platform. It is compared and indexed, so it is refused, never changed."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise PydanticCustomError(
            "bad_id", "An id is a string of 1 to 256 characters without control characters."
        )
    return value


def read_timestamp(value: Any) -> datetime:
    """Return an RFC 3339 time in UTC, to the microsecond.

    A leap second counts as the last instant before it, and the blank that RFC 3339 allows for the T
    is taken. Years outside 2000 to 2100 (in UTC) are refused, because the database refuses them.
    """
    moment = _moment(value) if isinstance(value, str) else None
    if moment is None:
        raise PydanticCustomError("bad_timestamp", "A time is written as RFC 3339 with an offset.")
    # Before the conversion: at the ends of the calendar an offset leads out of it.
    if FIRST_YEAR - 1 <= moment.year <= LAST_YEAR + 1:
        moment = moment.astimezone(UTC)
        if FIRST_YEAR <= moment.year <= LAST_YEAR:
            return moment
    raise PydanticCustomError("out_of_range", "A time lies in the years 2000 to 2100.")


def _moment(value: str) -> datetime | None:
    if len(value) > MAX_TIMESTAMP_CHARACTERS:
        return None
    shape = _TIMESTAMP.fullmatch(value)
    if shape is None:
        return None
    leap = shape["second"] == _LEAP_SECOND
    if leap:
        start, end = shape.span("second")
        value = f"{value[:start]}59{value[end:]}"
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return moment.replace(microsecond=999_999) if leap else moment


def _text_reader(limit: int) -> Callable[[Any, ValidationInfo], str]:
    def read_text(value: Any, info: ValidationInfo) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError("not_a_string", "A string belongs here.")
        if len(value) > limit:
            raise PydanticCustomError("text_too_long", f"At most {limit} characters belong here.")
        cleaned, replaced = clean(value)
        _remark(info, replaced=replaced)
        return cleaned

    return read_text


def _read_amount(value: Any) -> str:
    # As text from end to end: no float may come near money.
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise PydanticCustomError("bad_amount", "An amount is a decimal number in a string.")
    return value


def _read_answers(value: Any, info: ValidationInfo) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PydanticCustomError("not_an_object", "An object belongs here.")
    if len(value) > MAX_LIST_ITEMS:
        raise PydanticCustomError("too_many", f"At most {MAX_LIST_ITEMS} entries belong here.")
    answers: dict[str, Any] = _read_free_form(value, info)
    return answers


def _read_free_form(value: Any, info: ValidationInfo) -> Any:
    cleaned, replaced = clean_tree(value)
    _remark(info, replaced=replaced)
    return cleaned


def _nothing_is_empty(value: Any) -> Any:
    # Languages whose empty list is a null pointer write null for it.
    return () if value is None else value


def _remark(info: ValidationInfo, *, replaced: bool) -> None:
    if replaced and isinstance(info.context, Remarks):
        info.context.sanitized = True


def _bounded_text(limit: int) -> PlainValidator:
    return PlainValidator(
        _text_reader(limit), json_schema_input_type=Annotated[str, Field(max_length=limit)]
    )


Id = Annotated[
    str,
    PlainValidator(
        read_id,
        json_schema_input_type=Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS)],
    ),
]
# What people wrote. NUL and lone surrogates come back as U+FFFD, and the remarks say so.
Text = Annotated[str, _bounded_text(MAX_TEXT_CHARACTERS)]
# What things are called: handles, names, hashtags, languages, currencies.
Label = Annotated[str, _bounded_text(MAX_LABEL_CHARACTERS)]
# Kept and shown, never opened from here, so it is text and not an address.
Url = Annotated[str, _bounded_text(MAX_URL_CHARACTERS)]
Timestamp = Annotated[
    datetime,
    BeforeValidator(
        read_timestamp,
        json_schema_input_type=Annotated[str, Field(max_length=MAX_TIMESTAMP_CHARACTERS)],
    ),
]
Amount = Annotated[str, PlainValidator(_read_amount, json_schema_input_type=str)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
# Orders the edits of one object; platforms count from anywhere.
Version = Annotated[int, Field(ge=-MAX_COUNT, le=MAX_COUNT)]
# JSON has no tuples, so strictness is lifted for the container; its items stay strict.
Labels = Annotated[
    tuple[Label, ...],
    Strict(strict=False),
    Field(max_length=MAX_LIST_ITEMS),
    BeforeValidator(_nothing_is_empty),
]
Urls = Annotated[
    tuple[Url, ...],
    Strict(strict=False),
    Field(max_length=MAX_LIST_ITEMS),
    BeforeValidator(_nothing_is_empty),
]
Answers = Annotated[
    dict[str, Any], PlainValidator(_read_answers, json_schema_input_type=dict[str, Any])
]
FreeForm = Annotated[Any, PlainValidator(_read_free_form)]
