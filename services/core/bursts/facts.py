"""What bursts announce."""

from uuid import UUID

from services.core.stream.types import Fact


def burst_changed(verb: str, burst_id: UUID, post_id: UUID, cases: int) -> Fact:
    """`burst.opened`, `burst.joined`, `burst.answered`; `cases` is how many this is about."""
    return Fact(f"burst.{verb}", "burst", burst_id, {"post_id": str(post_id), "cases": cases})
