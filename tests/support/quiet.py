"""Makers for tests of keeping quiet: open alerts on cases, and what is asked about them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.core.alerts import service as alerts
from services.core.alerts.models import AlertRow
from services.core.alerts.types import Alert
from services.core.silences import service as silences
from services.core.silences.types import Conditions, Hold, Silence, SilenceDraft
from services.core.triage.types import Tier
from tests.support.alerts import HOUR, NOON, Desk
from tests.support.rows import add_case, add_message, add_row, add_source


class QuietDesk(Desk):
    """A workspace whose alerts are open, each on a case of its own."""

    async def alert(self, *, case: dict[str, Any] | None = None, **values: Any) -> Alert:
        """A breach of an important promise on a complaint, unless told otherwise."""
        async with self.database.unit(self.workspace_id) as uow:
            source = await add_source(uow, name=f"s-{uuid4().hex[:8]}")
            opened = await add_case(uow, source.id, **(case or {}))
            defaults = {
                "kind": "promise",
                "case_id": opened.id,
                "clock_id": uuid4(),
                "group_key": f"case:{opened.id}",
                "step": 100,
                "generation": 1,
                "severity": "breach",
                "tier": "important",
                "clock_kind": "first_response",
                "state": "firing",
                "fire_at": NOON,
                "fired_at": NOON,
                "due_at": NOON,
                "ladder": {"channel_ids": [], "steps": []},
            }
            row = await add_row(uow, AlertRow, defaults, **values)
            return await alerts.get_alert(uow, row.id)

    async def message_alert(self, **values: Any) -> tuple[Alert, Any]:
        """A rule's alert on a message that opened no case, and that message."""
        async with self.database.unit(self.workspace_id) as uow:
            source = await add_source(uow, name=f"s-{uuid4().hex[:8]}")
            message = await add_message(uow, source.id, **values)
        alert = await self.alert(
            kind="rule",
            case_id=None,
            clock_id=None,
            clock_kind=None,
            rule_id=uuid4(),
            message_id=message.id,
            group_key=f"message:{message.id}",
        )
        return alert, message

    async def holding(self, *found: Alert) -> dict[UUID, Hold]:
        async with self.database.unit(self.workspace_id) as uow:
            return await silences.find_holding(uow, found)

    async def silence(self, conditions: Conditions | None = None, **more: Any) -> Silence:
        """One that began an hour ago's half and lasts an hour."""
        async with self.database.unit(self.workspace_id) as uow:
            return await silences.create_silence(uow, draft(conditions, **more))

    async def set_state(self, state: str, found: Iterable[Alert]) -> None:
        async with self.database.unit(self.workspace_id) as uow:
            await uow.execute(
                "UPDATE alerts SET state = :state WHERE id = ANY(:ids)",
                {"state": state, "ids": [alert.id for alert in found]},
            )


def draft(conditions: Conditions | None = None, **more: Any) -> SilenceDraft:
    values = {
        "conditions": conditions or Conditions(tier_at_most=Tier.IMPORTANT),
        "starts_at": NOON - timedelta(minutes=30),
        "ends_at": NOON + HOUR,
        "reason": "Stocktaking",
    }
    return SilenceDraft(**(values | more))
