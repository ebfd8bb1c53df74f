"""When two calls are one, decided without touching anything."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.core.idempotency.errors import (
    AnswerNotKeptError,
    BadIdempotencyKeyError,
    ReusedIdempotencyKeyError,
)
from services.core.idempotency.types import Answer, Kept

KEPT_FOR: Final = timedelta(hours=24)
# Longer than any answer but that of a very long thread.
MAX_BODY_BYTES: Final = 256 * 1024

_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")


def digest_of_key(sent: Sequence[bytes]) -> bytes:
    """What stands for the key in our tables. Raises BadIdempotencyKeyError."""
    if len(sent) != 1 or not _KEY.fullmatch(sent[0]):
        raise BadIdempotencyKeyError
    return hashlib.sha256(sent[0]).digest()


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> bytes:
    """The same for the same call, to the byte: a body written anew is another one."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode("utf-8", "surrogatepass"), query, body):
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


def worth_keeping(answer: Answer, *, shows_secret: bool) -> Answer:
    """The answer as it is kept: nothing that is shown once, and nothing endless."""
    whole = answer.body is None or len(answer.body) <= MAX_BODY_BYTES
    if whole and not shows_secret:
        return answer
    return Answer(answer.status, {}, None)


def answer_again(kept: Kept, wanted: bytes) -> Answer:
    """The answer of then. Raises ReusedIdempotencyKeyError or AnswerNotKeptError."""
    if kept.fingerprint != wanted:
        raise ReusedIdempotencyKeyError
    if kept.answer is None or kept.answer.body is None:
        raise AnswerNotKeptError
    return kept.answer


def forgotten_before(now: datetime) -> datetime:
    return now - KEPT_FOR
