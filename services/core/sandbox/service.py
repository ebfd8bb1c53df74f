"""Drive a sandbox through time, so that days of promises are seen in seconds."""

from typing import Final

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit.uow import UnitOfWork
from services.core.sandbox import repository, rules
from services.core.sandbox.errors import NoSandboxError
from services.core.sandbox.types import Move, SandboxClock
from services.core.sla import service as sla

# Whose work the new time may have made due.
WOKEN: Final = ("sla", "climbing", "climbing-upkeep", "snoozes", "alerts", "stream")


async def make_sandbox(uow: UnitOfWork) -> None:
    """Give a workspace that was made in this unit a clock of its own."""
    await repository.add_clock(uow)
    await audit.record(uow, [AuditEntry("sandbox.made", "workspace", uow.workspace_id)])


async def get_clock(uow: UnitOfWork) -> SandboxClock:
    """Raises NoSandboxError."""
    ahead = await repository.get_ahead(uow)
    if ahead is None:
        raise NoSandboxError
    upcoming = await sla.next_moment(uow)
    return SandboxClock(uow.real_now + ahead, uow.real_now, ahead, upcoming)


async def move_clock(uow: UnitOfWork, wanted: Move) -> SandboxClock:
    """Move the sandbox's time forward and wake whoever has work by then.

    What lies between is then overdue, as after a standstill of the workers: of several steps of
    one clock the last speaks. Raises BackwardsError, NoSandboxError, TooFarError.
    """
    ahead = await repository.get_ahead(uow, lock=True)
    if ahead is None:
        raise NoSandboxError
    moved = rules.move(ahead, wanted, uow.real_now)
    await repository.set_ahead(uow, moved, uow.real_now)
    detail = {"from_seconds": ahead.total_seconds(), "to_seconds": moved.total_seconds()}
    await audit.record(uow, [AuditEntry("sandbox.moved", "workspace", uow.workspace_id, detail)])
    for queue in WOKEN:
        uow.wake(queue)
    return await get_clock(uow)
