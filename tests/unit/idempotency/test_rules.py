"""When two calls are one."""

from datetime import UTC, datetime

import pytest

from services.core.idempotency import rules
from services.core.idempotency.errors import (
    AnswerNotKeptError,
    BadIdempotencyKeyError,
    ReusedIdempotencyKeyError,
)
from services.core.idempotency.types import Answer, Kept

SAID = Answer(201, {"location": "/v1/teams/1"}, b"{}")
ONE = rules.fingerprint("POST", "/v1/teams", b"", b"{}")


def test_a_key_is_kept_as_a_digest_and_two_keys_have_two() -> None:
    assert rules.digest_of_key([b"a" * 255]) != rules.digest_of_key([b"a" * 254])
    assert len(rules.digest_of_key([b"8e03978e-40d5-43dd-bc93-6894a57f9324"])) == 32


@pytest.mark.parametrize(
    "sent", [[], [b""], [b"a" * 256], [b"a b"], [b"a\x00"], ["é".encode()], [b"a", b"a"]]
)
def test_what_is_no_key_or_two_of_them_is_refused(sent: list[bytes]) -> None:
    with pytest.raises(BadIdempotencyKeyError):
        rules.digest_of_key(sent)


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", "/v1/teams", b"", b"{}"),
        ("POST", "/v1/team", b"s", b"{}"),
        ("POST", "/v1/teams", b"{}", b""),
        ("POST", "/v1/teams", b"", b"{ }"),
    ],
)
def test_another_call_has_another_fingerprint(other: tuple[str, str, bytes, bytes]) -> None:
    assert rules.fingerprint(*other) != ONE


def test_the_same_call_gets_the_answer_of_then() -> None:
    assert rules.answer_again(Kept(ONE, SAID), ONE) is SAID


def test_another_call_under_the_same_key_is_refused() -> None:
    with pytest.raises(ReusedIdempotencyKeyError):
        rules.answer_again(Kept(ONE, SAID), b"another")


@pytest.mark.parametrize("kept", [None, Answer(201, {}, None)])
def test_an_answer_that_was_not_kept_is_not_made_up(kept: Answer | None) -> None:
    with pytest.raises(AnswerNotKeptError):
        rules.answer_again(Kept(ONE, kept), ONE)


def test_a_secret_and_what_is_endless_are_not_kept() -> None:
    longest = Answer(200, {}, b"a" * rules.MAX_BODY_BYTES)
    assert rules.worth_keeping(SAID, shows_secret=False) is SAID
    assert rules.worth_keeping(longest, shows_secret=False) is longest
    assert rules.worth_keeping(SAID, shows_secret=True) == Answer(201, {}, None)
    longer = Answer(200, {}, longest.body + b"a" if longest.body else b"")
    assert rules.worth_keeping(longer, shows_secret=False) == Answer(200, {}, None)


def test_a_call_is_remembered_for_a_day() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert rules.forgotten_before(now) == datetime(2026, 11, 20, 12, tzinfo=UTC)
