"""What is compared with a secret takes the same steps whether it is nearly right or all wrong.

How long the steps take is measured by `make fuzz`; here they are counted.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from services.core.kit.cursors import CursorCodec
from services.core.kit.errors import DomainError
from services.core.kit.signatures import SignatureHeaders, generate_secret, sign, verify
from services.core.workspaces.rules import hash_key, is_right, opens, write_key
from services.core.workspaces.types import KeyRecord, Scope

NOW = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
STAMP = int(NOW.timestamp())
FIRST, SECOND, STRANGE = generate_secret(), generate_secret(), generate_secret()
BODY = b'{"a": 1}'


def calls(function: Callable[[], Any]) -> Counter[str]:
    """Every function that is called, by its name, ours and Python's own."""
    counted: Counter[str] = Counter()

    def note(frame: FrameType, what: str, called: Any) -> None:
        if what == "c_call":
            counted[called.__name__] += 1
        elif what == "call":
            counted[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    except DomainError:
        pass
    finally:
        sys.setprofile(before)
    return counted


def checking(*offered: str, secrets: tuple[str, ...] = (FIRST, SECOND)) -> Counter[str]:
    headers = SignatureHeaders((b"msg_1",), (b"%d" % STAMP,), (" ".join(offered).encode(),))
    return calls(lambda: verify(secrets=secrets, headers=headers, body=BODY, now=NOW))


def signed(secret: str) -> str:
    return sign(secret, "msg_1", STAMP, BODY)


def nearly(signature: str, place: int) -> str:
    other = "A" if signature[place] != "A" else "B"
    return signature[:place] + other + signature[place + 1 :]


@pytest.mark.parametrize("place", [3, 4, 20, -2])
def test_a_signature_is_compared_whole_wherever_it_first_differs(place: int) -> None:
    near = checking(nearly(signed(FIRST), place))
    assert near == checking(signed(STRANGE))
    assert near["compare_digest"] == 2


def test_no_match_ends_the_comparing_early() -> None:
    wrong = signed(STRANGE)
    told = {
        tuple(sorted(checking(*offered).items()))
        for offered in (
            (signed(FIRST), wrong, wrong),
            (wrong, wrong, signed(FIRST)),
            (signed(SECOND), wrong, wrong),
        )
    }
    assert len(told) == 1
    # Two secrets, three offers; and as many when nothing matches.
    assert checking(wrong, wrong, wrong)["compare_digest"] == 6
    assert checking(signed(FIRST), wrong, wrong)["compare_digest"] == 6


def test_a_source_nobody_knows_is_hashed_and_compared_like_a_known_one() -> None:
    known = checking(signed(STRANGE), secrets=(FIRST,))
    unknown = checking(signed(STRANGE), secrets=())
    for name in ("compare_digest", "new", "update", "digest", "b2a_base64"):
        assert known[name] == unknown[name], name
    assert known["compare_digest"] == 1


KEY = write_key(lambda count: bytes(range(count)))
RECORD = KeyRecord(
    workspace_id=UUID(int=1),
    id=UUID(int=2),
    prefix=KEY.split("_")[1],
    name="a",
    scopes=frozenset({Scope.READ}),
    created_at=NOW,
    expires_at=None,
    revoked_at=None,
    last_used_at=None,
    secret_hash=hash_key(KEY),
)


@pytest.mark.parametrize(
    "record",
    [RECORD, replace(RECORD, revoked_at=NOW), replace(RECORD, expires_at=NOW - timedelta(days=1))],
    ids=["live", "revoked", "expired"],
)
@pytest.mark.parametrize("raw", [KEY, nearly(KEY, -1), nearly(KEY, 12)])
def test_a_key_is_compared_by_its_hash_once_whatever_it_is(record: KeyRecord, raw: str) -> None:
    assert calls(lambda: opens(record, hash_key(raw), NOW))["compare_digest"] == 1


def test_a_hash_of_nobody_is_compared_like_a_hash_of_somebody() -> None:
    wrong = hash_key(nearly(KEY, 12))
    known = calls(lambda: is_right(RECORD.secret_hash, wrong))
    assert known == calls(lambda: is_right(None, wrong))
    assert known["compare_digest"] == 1
    assert is_right(RECORD.secret_hash, hash_key(KEY))
    assert not is_right(None, hash_key(""))


def test_a_cursor_is_compared_before_it_is_read() -> None:
    codec = CursorCodec(b"key")
    good = codec.encode(["a"])
    for wrong in (nearly(good, 0), nearly(good, 20), nearly(good, -2)):
        told = calls(lambda text=wrong: codec.decode(text, str))  # type: ignore[misc]
        assert told["compare_digest"] == 1
        assert told["loads"] == 0
