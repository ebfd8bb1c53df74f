"""Turns a signed body into events, or into everything that is wrong with it, by JSON pointer.

Two kinds of wrong: an envelope without the shape of the contract (malformed), and an envelope that
is fine around an event that is not (invalid). Nothing in between: one bad event refuses them all.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from services.core.intake.errors import InvalidEnvelopeError, InvalidEventsError, InvalidJsonError
from services.core.intake.fields import Remarks, read_id, read_timestamp
from services.core.intake.payloads import PAYLOADS, Payload
from services.core.intake.rules import support_of
from services.core.intake.strict_json import parse, parse_again
from services.core.intake.types import ContentKind, Envelope, ReceivedEvent
from services.core.kit.errors import FieldProblem

MAX_BATCH = 500
# A list of a hundred bad entries is told by its first few; the answer stays readable.
MAX_PROBLEMS_PER_EVENT = 5

_BATCH: Final = "batch"
_SPECVERSION: Final = "1.0"
_NATIVE_TIME: Final = "timestamp"
_CLOUDEVENTS_TIME: Final = "time"

_MISSING: Final = ("missing", "This field is required.")
_NOT_AN_OBJECT: Final = ("not_an_object", "An object belongs here.")
_NOT_A_STRING: Final = ("not_a_string", "A string belongs here.")

# pydantic's own findings in our words; findings of our fields carry their own.
_FINDINGS: Final = {
    "missing": _MISSING,
    "model_type": _NOT_AN_OBJECT,
    "int_type": ("not_an_integer", "An integer belongs here."),
    "float_type": ("not_a_number", "A number belongs here."),
    "bool_type": ("not_a_boolean", "True or false belongs here."),
    "tuple_type": ("not_a_list", "A list belongs here."),
    "too_long": ("too_many", "This list has too many entries."),
    "greater_than_equal": ("out_of_range", "This number is too small."),
    "less_than_equal": ("out_of_range", "This number is too large."),
}

_Value = TypeVar("_Value")


def read_envelope(
    body: bytes,
    *,
    content_type: ContentKind,
    webhook_id: str,
    only: Collection[int] | None = None,
) -> Envelope:
    """Read a delivery: one event or a batch, native or a CloudEvent.

    `webhook_id` stands in for the id of a single event without one. Of a body that was read
    before, `only` these positions are read again. Raises InvalidJsonError, InvalidEnvelopeError
    or InvalidEventsError.
    """
    document = parse(body) if only is None else parse_again(body)
    time_key = _NATIVE_TIME
    if content_type is ContentKind.CLOUDEVENTS:
        time_key = _CLOUDEVENTS_TIME
    _check_envelope(document, time_key)
    if document["type"] == _BATCH:
        return _read_batch(document["data"]["events"], only)
    reading = _Reading(document, position=0, time_key=time_key, default_id=webhook_id)
    event = reading.event()
    if event is None:
        raise InvalidEventsError(reading.problems, bad=1, total=1)
    return Envelope(events=(event,), batch=False)


def read_line(line: bytes, number: int) -> ReceivedEvent:
    """Read one line of a backfill: a native event with its own id.

    `number` becomes the position, and the index of every problem. Raises InvalidJsonError or
    InvalidEventsError.
    """
    try:
        document = parse(line)
    except InvalidJsonError as error:
        raise InvalidJsonError(error.detail, index=number) from None
    reading = _Reading(document, position=number, index=number)
    event = reading.event()
    if event is None:
        raise InvalidEventsError(reading.problems, bad=1, total=1)
    return event


def _check_envelope(document: Any, time_key: str) -> None:
    """Refuse what cannot be told apart into events, with everything that is missing at once."""
    if not isinstance(document, dict):
        raise InvalidEnvelopeError([FieldProblem("", *_NOT_AN_OBJECT)])
    is_batch = document.get("type") == _BATCH
    required: dict[str, type] = {"type": str, time_key: str, "data": dict}
    if time_key == _CLOUDEVENTS_TIME:
        required |= {"specversion": str, "id": str}
    problems = []
    for key, expected in required.items():
        value = document.get(key)
        # A batch has no time of its own: its events have.
        if value is None and not (is_batch and key == time_key):
            problems.append(FieldProblem(f"/{key}", *_MISSING))
        elif value is not None and not isinstance(value, expected):
            finding = _NOT_A_STRING if expected is str else _NOT_AN_OBJECT
            problems.append(FieldProblem(f"/{key}", *finding))
    if time_key == _CLOUDEVENTS_TIME and document.get("specversion", _SPECVERSION) != _SPECVERSION:
        problems.append(FieldProblem("/specversion", "unknown_version", "Only 1.0 is spoken here."))
    if is_batch and not problems:
        problems = _batch_problems(document, time_key)
    if problems:
        raise InvalidEnvelopeError(problems)


def _batch_problems(document: dict[str, Any], time_key: str) -> list[FieldProblem]:
    problems = []
    events = document["data"].get("events")
    if not isinstance(events, list) or not 0 < len(events) <= MAX_BATCH:
        detail = f"A batch has a list of 1 to {MAX_BATCH} events."
        problems.append(FieldProblem("/data/events", "bad_batch", detail))
    if document.get(time_key) is not None:
        try:
            read_timestamp(document[time_key])
        except PydanticCustomError as error:
            problems.append(FieldProblem(f"/{time_key}", error.type, error.message()))
    return problems


def _read_batch(raw_events: list[Any], only: Collection[int] | None) -> Envelope:
    events, problems, bad = [], [], 0
    for position, raw in enumerate(raw_events):
        if only is not None and position not in only:
            continue
        reading = _Reading(
            raw, position=position, pointer=f"/data/events/{position}", index=position
        )
        event = reading.event()
        if event is None:
            bad += 1
            problems += reading.problems
        else:
            events.append(event)
    if bad:
        raise InvalidEventsError(problems, bad=bad, total=len(raw_events))
    return Envelope(events=tuple(events), batch=True)


@dataclass(slots=True)
class _Reading:
    """One event being read, and what was found wrong with it so far."""

    raw: Any
    position: int
    pointer: str = ""
    index: int | None = None
    time_key: str = _NATIVE_TIME
    default_id: str | None = None
    problems: list[FieldProblem] = field(default_factory=list)

    def event(self) -> ReceivedEvent | None:
        """Return the event, or None and at least one problem."""
        if not isinstance(self.raw, dict):
            self._object_to("", *_NOT_AN_OBJECT)
            return None
        remarks = Remarks()
        event_type = self._field("type", _read_type)
        external_id = self._field("id", read_id, default=self.default_id)
        occurred_at = self._field(self.time_key, read_timestamp)
        payload = self._payload(event_type, remarks)
        if self.problems or event_type is None or external_id is None or occurred_at is None:
            return None
        return ReceivedEvent(
            position=self.position,
            external_id=external_id,
            type=event_type,
            occurred_at=occurred_at,
            payload=payload,
            support=support_of(event_type),
            sanitized=remarks.sanitized,
        )

    def _field(
        self, key: str, read: Callable[[Any], _Value], default: _Value | None = None
    ) -> _Value | None:
        value = self.raw.get(key)
        if value is None:
            if default is None:
                self._object_to(f"/{key}", *_MISSING)
            return default
        try:
            return read(value)
        except PydanticCustomError as error:
            self._object_to(f"/{key}", error.type, error.message())
            return None

    def _payload(self, event_type: str | None, remarks: Remarks) -> Payload | None:
        data = self.raw.get("data")
        if not isinstance(data, dict):
            self._object_to("/data", *(_MISSING if data is None else _NOT_AN_OBJECT))
            return None
        model = PAYLOADS.get(event_type or "")
        if model is None:
            return None
        try:
            return model.model_validate(data, context=remarks)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
        for finding in found[:MAX_PROBLEMS_PER_EVENT]:
            path = "".join(f"/{step}" for step in finding["loc"])
            own_words = (finding["type"], finding["msg"])
            self._object_to(f"/data{path}", *_FINDINGS.get(finding["type"], own_words))
        return None

    def _object_to(self, path: str, code: str, detail: str) -> None:
        self.problems.append(FieldProblem(self.pointer + path, code, detail, self.index))


def _read_type(value: Any) -> str:
    try:
        event_type = read_id(value)
    except PydanticCustomError:
        raise PydanticCustomError(
            "bad_type", "A type is a string of 1 to 256 characters without control characters."
        ) from None
    if event_type == _BATCH:
        raise PydanticCustomError("nested_batch", "A batch holds events, not batches.")
    return event_type
