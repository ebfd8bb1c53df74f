"""A link says one thing about one alert, and nobody but its workspace can write it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.actions import rules
from services.core.actions.types import Action, Link

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = b"s" * 32
LINK = Link(UUID(int=1), UUID(int=2), Action.ACKNOWLEDGE, UUID(int=3), NOON)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("person", [None, UUID(int=3)])
def test_a_link_reads_as_it_was_written(action: Action, person: UUID | None) -> None:
    link = replace(LINK, action=action, person_id=person)
    token = rules.write_token(link, SECRET)
    assert len(token) == 96
    assert rules.read_token(token) == link
    assert rules.is_genuine(token, SECRET)


def test_another_secret_or_none_did_not_write_it() -> None:
    token = rules.write_token(LINK, SECRET)
    assert not rules.is_genuine(token, b"t" * 32)
    assert not rules.is_genuine(token, None)
    assert not rules.is_genuine(rules.write_token(LINK, b""), None)
    assert not rules.is_genuine("short", SECRET)


@given(st.integers(0, 95), st.sampled_from("ABCDEFabcdef012345-_"))
def test_a_token_changed_anywhere_is_not_believed(place: int, letter: str) -> None:
    token = rules.write_token(LINK, SECRET)
    changed = token[:place] + letter + token[place + 1 :]
    assert (changed == token) == rules.is_genuine(changed, SECRET)


def test_a_link_has_one_spelling() -> None:
    token = next(
        token
        for second in range(200)
        if {"-", "_"} <= set(token := rules.write_token(_later(second), SECRET))
    )
    assert rules.is_genuine(token, SECRET)
    assert not rules.is_genuine(token.replace("-", "+"), SECRET)
    assert not rules.is_genuine(token.replace("_", "/"), SECRET)


def _later(seconds: int) -> Link:
    return replace(LINK, expires_at=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("token", ["", "a" * 95, "a" * 97, "é" * 96, "=" * 96, "/" * 96, "A" * 96])
def test_what_cannot_be_a_token_is_none(token: str) -> None:
    assert rules.read_token(token) is None


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(token: str) -> None:
    rules.read_token(token)
    assert not rules.is_genuine(token, SECRET)


@pytest.mark.parametrize(
    ("case_id", "person_id", "actions"),
    [
        (UUID(int=9), UUID(int=3), {"acknowledge", "resolve", "silence", "assign"}),
        (UUID(int=9), None, {"acknowledge", "resolve", "silence", "assign"}),
        (None, UUID(int=3), {"acknowledge", "resolve", "silence"}),
    ],
)
def test_each_act_that_makes_sense_has_a_link(
    case_id: UUID | None, person_id: UUID | None, actions: set[str]
) -> None:
    alert: Any = SimpleNamespace(id=UUID(int=2), case_id=case_id)
    links = rules.links_of(alert, UUID(int=1), secret=SECRET, now=NOON, person_id=person_id)
    assert set(links) == actions
    for action, path in links.items():
        link = rules.read_token(path.removeprefix("/a/"))
        assert link == Link(
            UUID(int=1), UUID(int=2), Action(action), person_id, NOON + timedelta(days=3)
        )


def test_a_short_id_is_the_end_that_neighbours_do_not_share() -> None:
    assert rules.short_id_of(UUID("01932e5c-0000-7000-8000-0000003f9a7c")) == "3f9a7c"
