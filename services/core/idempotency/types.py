"""Nouns of calls that are done once: what a call is, and the answer that is given again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """Who asked for what. `key_digest` stands for the caller's own key, `fingerprint` for the rest.

    `caller` keeps the keys of two callers apart.
    """

    caller: str
    key_digest: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. Without a body it was one that is not kept: see decision 0021."""

    status: int
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an earlier call under the same key."""

    fingerprint: bytes
    answer: Answer | None
