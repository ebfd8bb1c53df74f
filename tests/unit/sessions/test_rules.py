"""What a token is, who must wait, and what no password may be."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.sessions import rules
from services.core.sessions.types import Guess, Suspect

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN = "A" * 43


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("correct horse", True),
        ("一二三四五六七八九十", True),
        ("short-one", False),
        ("abababababab", False),
        ("Lin@Example.com", False),
    ],
)
def test_a_password_is_long_varied_and_not_ones_name(password: str, *, is_good: bool) -> None:
    assert (rules.weakness(password, of=("lin", "lin@example.com")) is None) is is_good


def test_what_looks_the_same_is_the_same() -> None:
    assert rules.normal_password("ｐａｓｓ①") == rules.normal_password("pass1")
    assert rules.normal_login(" LIN@Example.com ") == "lin@example.com"


@pytest.mark.parametrize("raw", ["", "A" * 42, "A" * 44, "A" * 42 + "é", "A" * 42 + "\n"])
def test_what_cannot_be_a_token_is_not_looked_up(raw: str) -> None:
    assert rules.read_token(raw) is None


def test_a_token_is_found_by_its_hash_and_its_page_by_another() -> None:
    assert rules.read_token(TOKEN) == rules.hash_token(TOKEN)
    csrf = rules.csrf_token(TOKEN)
    assert rules.is_csrf_token(TOKEN, csrf)
    assert not rules.is_csrf_token("B" * 43, csrf)
    assert not rules.is_csrf_token(TOKEN, None)
    assert not rules.is_csrf_token(TOKEN, "é")


def test_one_household_is_one_place() -> None:
    assert rules.place_of("203.0.113.7") == "203.0.113.7"
    assert rules.place_of("2001:db8:1:2:3::4") == rules.place_of("2001:db8:1:2::1")
    assert rules.place_of("2001:db8:1:3::1") != rules.place_of("2001:db8:1:2::1")
    assert rules.place_of(None) == rules.place_of("nonsense") == ""


def test_guesses_are_counted_by_who_by_where_and_by_both() -> None:
    here, there = rules.subjects("lin", "203.0.113.7"), rules.subjects("LIN ", "203.0.113.8")
    assert here[Suspect.ACCOUNT] == there[Suspect.ACCOUNT]
    assert here[Suspect.ADDRESS] != there[Suspect.ADDRESS]
    assert len({*here.values(), *there.values()}) == 5


@pytest.mark.parametrize(
    ("suspect", "failures", "seconds"),
    [
        (Suspect.PAIR, 4, 1),
        (Suspect.PAIR, 3, 0),
        (Suspect.PAIR, 10, 64),
        (Suspect.PAIR, 10_000, 900),
        (Suspect.ACCOUNT, 98, 0),
        (Suspect.ACCOUNT, 10_000, 60),
        (Suspect.ADDRESS, 10_000, 60),
    ],
)
def test_the_wait_doubles_up_to_a_bound(suspect: Suspect, failures: int, seconds: int) -> None:
    guess = rules.after_attempt(Guess(failures, NOW, NOW), suspect, NOW)
    assert guess == Guess(failures + 1, NOW, NOW + timedelta(seconds=seconds))


def test_an_hour_without_a_wrong_word_forgets_them_but_not_who_is_trusted() -> None:
    until = NOW + timedelta(days=1)
    before = Guess(500, NOW - rules.FORGOTTEN_AFTER, NOW, until)
    assert rules.after_attempt(before, Suspect.PAIR, NOW) == Guess(1, NOW, NOW, until)
    assert rules.after_attempt(None, Suspect.PAIR, NOW) == Guess(1, NOW, NOW)


def test_strangers_elsewhere_keep_nobody_out() -> None:
    waits = Guess(200, NOW, NOW + timedelta(seconds=60))
    free = Guess(0, NOW, NOW)
    trusted = Guess(0, NOW, NOW, NOW + timedelta(days=1))
    lapsed = Guess(0, NOW, NOW, NOW - timedelta(seconds=1))
    assert rules.wait_for({}, NOW) == 0
    assert rules.wait_for({Suspect.PAIR: free, Suspect.ACCOUNT: waits}, NOW) == 60
    assert rules.wait_for({Suspect.PAIR: lapsed, Suspect.ACCOUNT: waits}, NOW) == 60
    assert rules.wait_for({Suspect.PAIR: trusted, Suspect.ACCOUNT: waits}, NOW) == 0
    assert rules.wait_for({Suspect.PAIR: waits, Suspect.ACCOUNT: free}, NOW) == 60
