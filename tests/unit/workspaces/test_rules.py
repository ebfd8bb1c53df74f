"""What a key looks like, when it opens, and what a name becomes."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.workspaces import rules
from services.core.workspaces.types import Caller, KeyRecord, Role, Scope

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def record(**changes: object) -> KeyRecord:
    values = {
        "workspace_id": UUID(int=1),
        "id": UUID(int=2),
        "prefix": "abcdefgh",
        "name": "test",
        "scopes": frozenset({Scope.READ}),
        "created_at": NOW,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
        "secret_hash": b"h" * 32,
    }
    return KeyRecord(**(values | changes))  # type: ignore[arg-type]  # values by name


def test_a_written_key_can_be_read() -> None:
    key = rules.write_key(secrets.token_bytes)
    parts = rules.read_key(key)
    assert parts is not None
    assert key.startswith(f"wl_{parts.prefix}_")
    assert parts.secret_hash == rules.hash_key(key)


def test_keys_use_every_letter_of_the_alphabet_alike() -> None:
    letters = rules.write_key(lambda count: bytes(range(count))).replace("_", "")[2:]
    assert letters == (rules.ALPHABET * 2)[: len(letters)]
    assert len(set(rules.ALPHABET)) == 32


@given(st.text())
def test_nothing_else_is_a_key(text: str) -> None:
    assert rules.read_key(text) is None


@pytest.mark.parametrize(
    "raw",
    [
        "wl_abcdefgh_" + "x" * 39,
        "wl_abcdefgh_" + "x" * 41,
        "wl_abcdefgh_" + "x" * 40 + "\n",
        " wl_abcdefgh_" + "x" * 40,
        "WL_abcdefgh_" + "x" * 40,
        "wl_abcdefgh_" + "X" * 40,
        "wl_abcdefg_h" + "x" * 40,
        "wl_١٢٣٤٥٦٧٨_" + "x" * 40,
        "wl_abcdefgh_" + "\0" * 40,
    ],
)
def test_what_only_resembles_a_key_is_none(raw: str) -> None:
    assert rules.read_key(raw) is None


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({}, True),
        ({"secret_hash": b"x" * 32}, False),
        ({"revoked_at": NOW - SECOND}, False),
        ({"expires_at": NOW + SECOND}, True),
        ({"expires_at": NOW}, False),
        ({"expires_at": NOW - SECOND}, False),
    ],
)
def test_a_key_opens_while_it_is_right_and_alive(changes: dict[str, object], opens: bool) -> None:
    assert rules.opens(record(**changes), b"h" * 32, NOW) is opens


def test_the_secret_of_a_key_is_in_no_representation() -> None:
    assert "hhhh" not in repr(record())


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Glow Skincare", "glow-skincare"),
        ("  Ça va?  ", "ca-va"),
        ("暖线 Warm 线", "warm"),
        ("暖线", ""),
        ("x" * 60, "x" * 48),
        ("a" * 47 + " b", "a" * 47),
    ],
)
def test_a_name_becomes_a_short_name(name: str, slug: str) -> None:
    assert rules.slug_of(name) == slug


def test_admin_may_everything_and_others_what_they_hold() -> None:
    def may(held: Scope, wanted: Scope) -> bool:
        return Caller(UUID(int=1), UUID(int=2), "", frozenset({held})).may(wanted)

    assert all(may(Scope.ADMIN, wanted) for wanted in Scope)
    assert [wanted for wanted in Scope if may(Scope.WORK, wanted)] == [Scope.WORK]


def test_every_role_may_read_and_only_admins_let_others_in() -> None:
    assert set(rules.SCOPES_OF) == set(Role)
    assert all(Scope.READ in scopes for scopes in rules.SCOPES_OF.values())
    assert [role for role in Role if Scope.ADMIN in rules.SCOPES_OF[role]] == [Role.ADMIN]
    manager = rules.SCOPES_OF[Role.MANAGER]
    assert rules.may_appoint(manager, Role.MANAGER, Role.VIEWER)
    assert not rules.may_appoint(manager, Role.VIEWER, Role.ADMIN)
    assert rules.may_appoint(rules.SCOPES_OF[Role.ADMIN], Role.ADMIN)


def test_the_last_use_is_written_once_a_minute() -> None:
    assert rules.is_worth_touching(None, NOW)
    assert not rules.is_worth_touching(NOW - timedelta(seconds=59), NOW)
    assert rules.is_worth_touching(NOW - timedelta(seconds=60), NOW)
