"""What single findings add up to, and when a stage counts as standing still."""

from collections.abc import Iterable, Mapping, Sequence

from services.core.health.types import (
    Alive,
    AuditLimits,
    Check,
    CheckState,
    LastVerdict,
    ReadyState,
    Stall,
)

# Named like a stage when there is no worker at all.
NO_WORKER = "worker"


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


def check_auditor(last: LastVerdict | None) -> Check:
    """Silence is not good news: it says that nobody looks."""
    if last is None:
        return Check("auditor", CheckState.DEGRADED, "No auditor has looked yet.")
    if last.silent:
        detail = f"No auditor has looked for {last.age_seconds:.0f} s; read the worker's log."
        return Check("auditor", CheckState.DEGRADED, detail)
    return Check("auditor", CheckState.OK)


def check_stages(last: LastVerdict | None) -> list[Check]:
    """One check for each stage that stands still; none is good news only from a live auditor."""
    if last is None:
        return []
    return [
        Check(f"stage:{stage}", CheckState.DEGRADED, describe(stalls))
        for stage, stalls in by_stage(last.stalls).items()
    ]


def by_stage(stalls: Iterable[Stall]) -> dict[str, list[Stall]]:
    found: dict[str, list[Stall]] = {}
    for stall in stalls:
        found.setdefault(stall.stage, []).append(stall)
    return found


def describe(stalls: Sequence[Stall]) -> str:
    """What a person reads about the stalls of one stage."""
    if stalls[0].stage == NO_WORKER:
        return "No worker lives: nothing is judged, no timer fires, nothing is sent."
    said = [
        f"stands still in {stall.place} for {stall.seconds:.0f} s"
        if stall.place
        else f"has left work waiting for {stall.seconds:.0f} s"
        for stall in stalls
    ]
    return f"The stage {' and '.join(said)}."


def find_stalls(
    workers: Sequence[Alive], overdue: Mapping[str, float], limits: AuditLimits
) -> tuple[Stall, ...]:
    """By the workers' own word, and by what waits however well they say they are.

    A worker that is frozen says nothing, and is soon not among those seen lately.
    """
    stalls = []
    for worker in workers:
        for stage, told in worker.report.get("stages", {}).items():
            still = float(told.get("still", 0.0))
            if still > limits.stall:
                stalls.append(Stall(stage, still, worker.place))
    stalls += [
        Stall(stage, seconds) for stage, seconds in overdue.items() if seconds > limits.stall
    ]
    if not workers:
        stalls.append(Stall(NO_WORKER, limits.silence))
    return tuple(sorted(stalls, key=lambda stall: (stall.stage, stall.place)))
