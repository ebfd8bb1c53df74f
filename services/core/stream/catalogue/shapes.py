"""The words schemas of facts are written in: a small part of JSON Schema, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

ID: Final[Schema] = {"type": "string", "format": "uuid"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer"}
YES_OR_NO: Final[Schema] = {"type": "boolean"}
OPEN: Final[Schema] = {"type": "object"}


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of fact as it is promised to readers: what it is about, says and carries.

    `schema` is of the payload. Within a major version fields are only ever added.
    """

    kind: str
    subject_kind: str
    zh: str
    en: str
    schema: Schema
    since: str = "0.1"


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def maybe(schema: Schema) -> Schema:
    """The value, or null where there is none."""
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **words, "type": [schema["type"], "null"]}


def carries(fields: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """An object of exactly these fields; the optional ones may be missing."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }
