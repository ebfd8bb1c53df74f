"""What single findings add up to."""

from collections.abc import Iterable

from services.core.health.types import Check, CheckState, ReadyState


def overall(checks: Iterable[Check]) -> ReadyState:
    """As bad as the worst check."""
    states = {check.state for check in checks}
    if CheckState.FAILED in states:
        return ReadyState.UNREADY
    if CheckState.DEGRADED in states:
        return ReadyState.DEGRADED
    return ReadyState.READY


def check_schema(found: str | None, expected: str) -> Check:
    """`found` is the database's revision, None when there is no saying."""
    if found is None:
        detail = "The revision of the schema cannot be read; run the migrations."
        return Check("schema", CheckState.FAILED, detail)
    if found != expected:
        # Expand and contract: one release's code works on the next one's schema.
        detail = f"The schema is at {found}, this code was built for {expected}."
        return Check("schema", CheckState.DEGRADED, detail)
    return Check("schema", CheckState.OK)


def check_workers(alive: int) -> Check:
    if alive:
        return Check("worker", CheckState.OK)
    detail = "No worker was seen lately: deliveries are kept, but nothing happens to them."
    return Check("worker", CheckState.DEGRADED, detail)
