"""Pages of numbers as they were last written out: the same edition is not counted up twice.

Nothing here is ever old: what is asked for is compared with the state of its sums first, which
costs a small statement, and anything else is read anew.
"""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from services.core.metrics.pages import Edition

# Of some 40 KB each.
MOST: Final = 200

# Whose page, from which day, how many days, and whether it is compared.
Place = tuple[UUID, int, int, bool]


class Editions:
    """The last edition of each page; those not asked for longest are forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Place, tuple[Edition, bytes]] = OrderedDict()

    def find(self, workspace_id: UUID, edition: Edition, *, compare: bool) -> bytes | None:
        """The page of this very edition, if it was the last one written out."""
        place = _place(workspace_id, edition, compare=compare)
        known = self._kept.get(place)
        if known is None or known[0] != edition:
            return None
        self._kept.move_to_end(place)
        return known[1]

    def keep(self, workspace_id: UUID, edition: Edition, body: bytes, *, compare: bool) -> None:
        place = _place(workspace_id, edition, compare=compare)
        self._kept[place] = (edition, body)
        self._kept.move_to_end(place)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _place(workspace_id: UUID, edition: Edition, *, compare: bool) -> Place:
    days = (edition.last - edition.first).days
    return (workspace_id, edition.first.toordinal(), days, compare)
