"""What a tag says about a thing, and whether the caller saw the thing as it is."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from services.core.preconditions.errors import BadEntityTagError

ANY: Final = "*"
_MOST_TAGS: Final = 100
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST: Final = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|$))+")
_DIGEST_BYTES: Final = 12
# What a thing says of itself: the number of its version, or the digest of it alone.
_OWN: Final = re.compile(rf'"(\d+|[0-9a-f]{{{2 * _DIGEST_BYTES}}})"')


def tag_of(body: bytes, *, own: str | None = None, weak: bool = False) -> str:
    """The tag of what was read. `own` is the tag the thing itself has: `"3"`, or that of it alone.

    A thing with a tag of its own says both: what it is, and how it looked, cut short or with all
    that is told beside.
    """
    digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
    known = _OWN.fullmatch(own) if own else None
    if known:
        return f'"{known[1]}-{digest}"'
    return f'W/"{digest}"' if weak else f'"{digest}"'


def read_tags(sent: Sequence[str]) -> list[str] | None:
    """The tags of all headers of the name together; None for `*`. Raises BadEntityTagError."""
    joined = ", ".join(sent)
    if joined.strip() == ANY:
        return None
    if not _LIST.fullmatch(joined):
        raise BadEntityTagError
    found = [match[0] for match in _TAG.finditer(joined)]
    if len(found) > _MOST_TAGS:
        raise BadEntityTagError
    return found


def is_unchanged(seen: list[str] | None, current: str) -> bool:
    """For a change: whether the caller saw what is there. Weak tags promise too little for that.

    Of a thing with a tag of its own it is that which counts: what is told beside it may move, and
    who was shown a part of it saw the thing.
    """
    if seen is None:
        return True
    return any(not tag.startswith("W/") and _edition(tag) == _edition(current) for tag in seen)


def is_known(sent: Sequence[str], current: str) -> bool:
    """For a reading: whether the caller has exactly this. What cannot be read is not known."""
    try:
        seen = read_tags(sent)
    except BadEntityTagError:
        return False
    return seen is None or any(_strong(tag) == _strong(current) for tag in seen)


def _edition(tag: str) -> str:
    """The thing's own tag where there is one, else the whole."""
    inner = tag.strip('"')
    own, _, _ = inner.partition("-")
    return own if _OWN.fullmatch(f'"{own}"') else inner


def _strong(tag: str) -> str:
    return tag.removeprefix("W/")
