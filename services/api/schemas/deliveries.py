"""What a producer is told about its deliveries: the receipt at once, the outcome later."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from services.api.schemas.common import ReadModel
from services.core.intake.records import BackfillReport, DeliverySummary, DeliveryView
from services.core.intake.states import DeliveryState, EntryState


class ReceiptView(ReadModel):
    """Everything counted here is durable. `unsupported` is told when there is any."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "delivery_id": "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11",
                    "accepted": 3,
                    "duplicates": 1,
                }
            ]
        }
    )

    delivery_id: UUID
    accepted: int
    duplicates: int
    unsupported: int = Field(default=0, description="Kept, but of a type nobody knows.")

    @model_serializer(mode="wrap")
    def _without_zero(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        shown: dict[str, object] = serialize(self)
        if not self.unsupported:
            shown.pop("unsupported")
        return shown


class LineProblem(ReadModel):
    """What is wrong with a line, counted from 1. It was not stored; its neighbours were."""

    line: int
    pointer: str
    code: str
    detail: str


class BackfillView(ReadModel):
    """`errors` lists the first problems; `refused` counts all lines that were not stored."""

    delivery_ids: list[UUID]
    accepted: int
    duplicates: int
    unsupported: int
    refused: int
    errors: list[LineProblem]

    @classmethod
    def of(cls, report: BackfillReport) -> "BackfillView":
        return cls(
            delivery_ids=report.delivery_ids,
            accepted=report.accepted,
            duplicates=report.duplicates,
            unsupported=report.unsupported,
            refused=report.refused,
            errors=[
                LineProblem(
                    line=problem.index or 0,
                    pointer=problem.pointer,
                    code=problem.code,
                    detail=problem.detail,
                )
                for problem in report.problems
            ],
        )


class EventView(ReadModel):
    """What became of one event; `id` is the producer's own."""

    id: str
    type: str
    state: EntryState
    occurred_at: datetime
    historical: bool
    attempts: int
    error: str | None
    processed_at: datetime | None


class DeliverySummaryView(ReadModel):
    """`request_id` is of the request that brought it first: a repetition changes nothing of it."""

    id: UUID
    source_id: UUID
    webhook_id: str
    state: DeliveryState
    accepted: int
    duplicates: int
    received_at: datetime
    request_id: str | None

    @classmethod
    def of(cls, summary: DeliverySummary) -> "DeliverySummaryView":
        return cls(**_summary_fields(summary))


class DeliveryDetailView(DeliverySummaryView):
    """`events` are those this delivery brought first, in the order they were sent."""

    events: list[EventView]

    @classmethod
    def of_view(cls, view: DeliveryView) -> "DeliveryDetailView":
        events = [
            EventView(
                id=entry.external_id,
                type=entry.type,
                state=entry.state,
                occurred_at=entry.occurred_at,
                historical=entry.historical,
                attempts=entry.attempts,
                error=entry.error,
                processed_at=entry.processed_at,
            )
            for entry in view.entries
        ]
        return cls(**_summary_fields(view.summary), events=events)


class ReplayView(ReadModel):
    """How many entries wait again."""

    replayed: int


def _summary_fields(summary: DeliverySummary) -> dict[str, object]:
    return {
        "id": summary.id,
        "source_id": summary.source_id,
        "webhook_id": summary.webhook_id,
        "state": summary.state,
        "accepted": summary.events - summary.duplicates,
        "duplicates": summary.duplicates,
        "received_at": summary.received_at,
        "request_id": summary.request_id,
    }
