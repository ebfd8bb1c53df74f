"""How the process is."""

from typing import Literal

from services.api.schemas.common import ReadModel
from services.core.health.types import CheckState, ReadyState


class Alive(ReadModel):
    status: Literal["alive"] = "alive"


class CheckView(ReadModel):
    state: CheckState
    detail: str


class Readiness(ReadModel):
    status: ReadyState
    checks: dict[str, CheckView]
