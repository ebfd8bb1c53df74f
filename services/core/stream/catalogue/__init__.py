"""Every kind of fact there is, with words and schemas: what readers of facts can rely on.

It lies below the features that announce, so it knows none of them; a test compares what they
announce with what is promised here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.core.stream.catalogue import setting_up, warnings, work
from services.core.stream.catalogue.shapes import FactKind

CATALOGUE: Final[Mapping[str, FactKind]] = MappingProxyType(
    {each.kind: each for each in (*work.FACTS, *warnings.FACTS, *setting_up.FACTS)}
)


def covers(pattern: str, kind: str) -> bool:
    """Whether `*`, `alert.*` or `alert.raised` means this kind."""
    if pattern.endswith("*"):
        return kind.startswith(pattern[:-1])
    return kind == pattern


def is_known(pattern: str) -> bool:
    """Whether a pattern is well made and means at least one kind there is."""
    name, star, rest = pattern.partition("*")
    if rest or (star and name and not name.endswith(".")):
        return False
    return any(covers(pattern, kind) for kind in CATALOGUE)
