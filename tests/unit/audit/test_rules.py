"""A hash covers everything a row says, its place, and what is before it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from services.core.audit import rules
from services.core.audit.types import Flaw

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "workspace_id": UUID(int=1),
    "id": UUID(int=2),
    "at": AT,
    "actor_kind": "key",
    "actor_id": "k",
    "actor_label": "林",
    "action": "case.resolved",
    "subject_kind": "case",
    "subject_id": "c",
    "detail": {"b": 1, "a": [True, None, "x"]},
    "request_id": None,
}
HASH = rules.hash_of(rules.BEGINNING, 1, ROW)


def test_the_same_row_has_the_same_hash_however_it_is_spelled() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    same = ROW | {"at": elsewhere, "detail": {"a": [True, None, "x"], "b": 1}, "seq": 7}
    assert rules.hash_of(rules.BEGINNING, 1, same) == HASH
    assert len(HASH) == 32


@pytest.mark.parametrize("name", rules.COVERED)
def test_whatever_is_changed_is_seen(name: str) -> None:
    changed = ROW | {name: {"a": 2} if name == "detail" else "other"}
    assert rules.hash_of(rules.BEGINNING, 1, changed) != HASH


def test_a_row_stands_at_its_place_behind_its_neighbour() -> None:
    row = ROW | {"seq": 1, "hash": HASH}
    assert rules.flaw_of(rules.BEGINNING, 1, row) is None
    assert rules.flaw_of(HASH, 1, row) is Flaw.CHANGED
    assert rules.flaw_of(rules.BEGINNING, 2, row) is Flaw.MISSING
