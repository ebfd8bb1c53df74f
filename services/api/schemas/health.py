"""How the process is."""

from typing import Literal

from services.api.schemas.common import ReadModel
from services.core.health.types import CheckState, ReadyState


class Alive(ReadModel):
    status: Literal["alive"] = "alive"


class CheckView(ReadModel):
    state: CheckState
    detail: str


class AgesView(ReadModel):
    """Seconds since the oldest of its kind was accepted, due or written; 0 when nothing waits."""

    delivery: float
    timer: float
    outbox: float


class Readiness(ReadModel):
    """`ages` is null while the database cannot say."""

    status: ReadyState
    ages: AgesView | None
    checks: dict[str, CheckView]
