"""Every metric there is, by its name; each is defined here and nowhere else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.core.metrics.definitions import (
    backlog,
    inbound,
    people,
    posts,
    promises,
    replies,
    sentiment,
)
from services.core.metrics.types import Definition

FAMILIES: Final = {
    "inbound": inbound.ALL,
    "replies": replies.ALL,
    "promises": promises.ALL,
    "backlog": backlog.ALL,
    "sentiment": sentiment.ALL,
    "people": people.ALL,
    "posts": posts.ALL,
}
REGISTRY: Final[Mapping[str, Definition]] = MappingProxyType(
    {one.name: one for family in FAMILIES.values() for one in family}
)
ROLLED: Final = tuple(one for one in REGISTRY.values() if one.rolled is not None)
# Of what sums of days stand on, and how they are kept: another one, and they are made anew.
_KEPT: Final = 2
DIGEST: Final = f"{_KEPT}: " + " ".join(f"{one.name}@{one.version}" for one in ROLLED)
