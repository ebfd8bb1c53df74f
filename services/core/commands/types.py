"""The nouns of orders from outside: what somebody with a link sees, and a line said in a chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.core.actions.types import Link
from services.core.alerts.types import Alert
from services.core.workspaces.types import Member


@dataclass(frozen=True, slots=True)
class Sight:
    """What a link leads to. `done` says that pressing would change nothing any more.

    `queues` are to be woken after a press. `members` are those to choose from: who acts, or for
    `assign` whose it shall be; none where the link was made for somebody.
    """

    link: Link
    alert: Alert
    sentence: Mapping[str, str]
    person: str | None
    done: bool
    seconds_ago: int
    queues: frozenset[str] = frozenset()
    members: tuple[Member, ...] = ()


class Verb(StrEnum):
    """What may be said in a chat."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    ASSIGN = "assign"
    SILENCE = "silence"
    WHO = "who"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Order:
    """A line taken apart. `alert` is part of an id, lower case; without one the only open is meant.

    `minutes` is how long, `handle` to whom, `note` what is left of the line.
    """

    verb: Verb
    alert: str | None = None
    minutes: int | None = None
    handle: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be said back, in both languages. `code` is stable: `done`, or why not."""

    code: str
    sentence: Mapping[str, str]
    verb: Verb | None = None
    alert_id: UUID | None = None
