"""Holds whatever was announced to the catalogue: its kind is declared, its payload as promised."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import jsonschema_rs

from services.core.stream.catalogue import CATALOGUE

ANNOUNCED = "SELECT DISTINCT kind, subject_kind, payload::text AS payload FROM facts"


@lru_cache
def _validator(kind: str) -> Any:
    schema = dict(CATALOGUE[kind].schema)
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def undeclared(announced: Iterable[tuple[str, str, str]]) -> list[str]:
    """A sentence for each (kind, subject kind, payload as JSON) that breaks what is promised."""
    found = []
    for kind, subject_kind, payload in announced:
        entry = CATALOGUE.get(kind)
        if entry is None:
            found.append(f"{kind} is not in services/core/stream/catalogue")
        elif entry.subject_kind != subject_kind:
            found.append(f"{kind} is about a {entry.subject_kind}, not a {subject_kind}")
        else:
            errors = _validator(kind).iter_errors(json.loads(payload))
            found += [f"{kind}: {error.message} ({payload})" for error in errors]
    return sorted(set(found))
