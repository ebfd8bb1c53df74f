"""How communities do, as Prometheus reads it: by workspace, for whoever may know of it."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.core.kit.brief import BriefMemory
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.metrics import service as metrics
from services.core.metrics.types import Vital

# Sums of days are brought up to date every 15 s.
FRESH_SECONDS: Final = 15.0
DAYS: Final = ("today", "yesterday")
ALL_TIERS: Final = "all"
_LABELS: Final = ("workspace", "tier", "day")


class Vitals:
    """Figures of workspaces, read when they are asked for and remembered for a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: BriefMemory[UUID | None, Sequence[Vital]] = BriefMemory(
            max_age_seconds=FRESH_SECONDS, max_entries=metrics.MOST_WORKSPACES
        )

    async def write(self, workspace_id: UUID | None = None) -> bytes:
        """Of one workspace, or of all; none while the database is away."""
        try:
            found = await self._known.ask(
                workspace_id, lambda: metrics.read_vitals(self._database, workspace_id)
            )
        except UnavailableError:
            found = ()
        return write(found)


def write(vitals: Sequence[Vital]) -> bytes:
    """Without any the families are there and empty."""
    registry = CollectorRegistry()
    registry.register(_Told(vitals))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, vitals: Sequence[Vital]) -> None:
        self._vitals = vitals

    @override
    def collect(self) -> Iterable[Metric]:
        rows = GaugeMetricFamily(
            "warmline_metric_rows", "How many rows a figure stands on.", labels=("metric", *_LABELS)
        )
        families = {name: _family(name) for name in metrics.TOLD}
        for vital in self._vitals:
            labels = (str(vital.workspace_id), vital.tier or ALL_TIERS, DAYS[vital.days_ago])
            families[vital.metric].add_metric(labels, vital.value)
            rows.add_metric((vital.metric, *labels), vital.count)
        yield from families.values()
        yield rows


def _family(name: str) -> GaugeMetricFamily:
    title = metrics.get_definition(name).title.en
    return GaugeMetricFamily(
        f"warmline_{name}", f"{title}, as a share: GET /v1/metrics/{name}.", labels=_LABELS
    )
