from datetime import timedelta
from uuid import uuid4

import httpx
from fastapi import FastAPI

from services.api.main import create_app
from services.core.health import service as health
from services.core.health.types import AuditLimits, ProcessInfo
from services.core.intake import service as intake
from services.core.kit.clock import FrozenClock, host_now
from services.core.kit.db import create_engine
from services.core.kit.figures import Figures
from services.core.kit.uow import Database
from services.core.settings import MetricsSettings, Settings
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Scope, Workspace
from tests.support import rows as make
from tests.support.client import client_of, make_key
from tests.support.db import connect
from tests.support.factories import batch, body_of, comment, incoming, make_source
from tests.support.queries import counted_queries

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def figures(client: httpx.AsyncClient) -> dict[str, float]:
    response = await client.get("/metrics")
    assert response.status_code == 200, response.text
    lines = [line for line in response.text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_requests_are_counted_by_the_routes_template(
    api: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await api.get(f"/v1/cases/{uuid4()}")
    await api.get("/nowhere/at/all")
    found = await figures(anonymous)
    route = 'method="GET",route="/v1/cases/{case_id}"'
    assert found[f'warmline_http_requests_total{{{route},status="404"}}'] == 2
    assert found[f"warmline_http_request_seconds_count{{{route}}}"] == 2
    assert found['warmline_refusals_total{code="not_found",route="/v1/cases/{case_id}"}'] == 2
    assert found['warmline_http_requests_total{method="GET",route="unmatched",status="404"}'] == 1


async def test_what_waits_is_read_from_all_workspaces(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    other = await workspaces.create_workspace(database, "Other", slug="other")
    for place in (workspace, other):
        async with database.unit(place.id) as uow:
            past = uow.now - timedelta(seconds=100)
            source = await make.add_source(uow)
            case = await make.add_case(uow, source.id, tier="urgent")
            await make.add_case(uow, source.id, tier="urgent", state="resolved")
            clock = await make.add_clock(uow, case.id, state="missed", missed_at=past)
            await make.add_clock(uow, case.id, episode=2)
            await make.add_clock(uow, case.id, episode=3, state="met", settled_at=past)
            await make.add_timer(uow, clock.id, case.id, fire_at=past)
            await make.add_timer(uow, clock.id, case.id, percent=150, state="fired")
            await make.add_alert(uow, case.id)
            await make.add_alert(uow, case.id, state="resolved")
            channel = await make.add_channel(uow)
            await make.add_outbox(uow, channel_id=channel.id, created_at=past)
            await make.add_outbox(uow, state="dead")
            await make.add_journal(uow, source.id, received_at=past)
            await make.add_journal(uow, source.id, state="quarantined")
    found = await figures(anonymous)
    assert found["warmline_up"] == 1
    assert found["warmline_journal_pending"] == 2
    assert found["warmline_journal_oldest_age_seconds"] >= 100
    assert found["warmline_journal_quarantined"] == 2
    assert found['warmline_cases_open{tier="urgent"}'] == 2
    assert found['warmline_cases_open{tier="spam"}'] == 0
    assert found["warmline_clocks_unsettled"] == 4
    assert found["warmline_clocks_missed_unsettled"] == 2
    assert found['warmline_promises{state="open",tier="urgent"}'] == 4
    assert found['warmline_promises{state="broken",tier="urgent"}'] == 2
    assert found['warmline_promises{state="due_soon",tier="urgent"}'] == 2
    assert found['warmline_promises{state="open",tier="spam"}'] == 0
    assert found["warmline_timers_pending"] == 2
    assert found["warmline_timers_lag_seconds"] >= 100
    assert found["warmline_outbox_pending"] == 2
    assert found["warmline_outbox_oldest_age_seconds"] >= 100
    assert found["warmline_outbox_dead"] == 2
    assert found["warmline_alerts_firing"] == 2
    assert found["warmline_workers_alive"] == 0


async def test_what_workers_and_auditors_say_of_themselves_is_told(
    anonymous: httpx.AsyncClient, database: Database
) -> None:
    measured = Figures()
    measured.note_claim("intake", rows=200, seconds=0.004)
    measured.note_claim("intake", rows=3, seconds=9.0)
    measured.note_lags([0.2, -0.1])
    stages = {"intake": {"handled": 203, "failures": 2, "still": 41.0}}
    words = {"stages": stages} | measured.report()
    process = ProcessInfo(uuid4(), health.WORKER, "host", 7, host_now(), words)
    await health.beat(database, process)
    await health.look(database, AuditLimits(stall=40))
    await health.note_ping(database)
    found = await figures(anonymous)
    who = 'worker="host:7"'
    assert found[f'warmline_stage_handled_total{{stage="intake",{who}}}'] == 203
    assert found[f'warmline_stage_failures{{stage="intake",{who}}}'] == 2
    assert found[f'warmline_stage_still_seconds{{stage="intake",{who}}}'] == 41
    claims = 'queue="intake"'
    assert found[f"warmline_claim_rows_total{{{claims},{who}}}"] == 203
    assert found[f'warmline_claim_seconds_bucket{{le="0.005",{claims},{who}}}'] == 1
    assert found[f'warmline_claim_seconds_bucket{{le="+Inf",{claims},{who}}}'] == 2
    assert found[f'warmline_timer_lag_seconds_bucket{{le="0.1",{who}}}'] == 1
    assert found[f"warmline_timer_lag_seconds_count{{{who}}}"] == 2
    assert found[f"warmline_worker_resident_memory_bytes{{{who}}}"] > 10_000_000
    now = host_now().timestamp()
    assert now - 60 < found["warmline_auditor_last_look_timestamp_seconds"] < now + 60
    assert now - 60 < found["warmline_auditor_last_ping_timestamp_seconds"] < now + 60
    assert found['warmline_stage_stalled_seconds{stage="intake"}'] >= 41
    assert found['warmline_auditor_notes{kind="dead_letters"}'] == 0


async def test_other_bodies_under_a_known_id_are_counted(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    async with database.unit(workspace.id) as uow:
        for _ in range(3):
            again = incoming(source.id, comment(), webhook_id="same")
            await intake.accept(uow, [again])
    assert (await figures(anonymous))["warmline_intake_conflicting_bodies"] == 2


async def test_counts_are_left_out_when_they_take_too_long_and_ages_are_not(
    anonymous: httpx.AsyncClient, database_url: str
) -> None:
    """A table only the counts read is locked; nobody is told that the database is away."""
    locking = await connect(database_url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE delivery_keys IN ACCESS EXCLUSIVE MODE")
            found = await figures(anonymous)
    finally:
        await locking.close()
    assert found["warmline_up"] == 1
    assert found["warmline_journal_oldest_age_seconds"] == 0
    assert "warmline_journal_pending" not in found


async def test_a_moment_still_to_come_is_no_lag(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await make.add_timer(uow, uuid4(), uuid4(), fire_at=uow.now + timedelta(hours=1))
    assert (await figures(anonymous))["warmline_timers_lag_seconds"] == 0


async def test_asking_often_reads_the_database_once(
    anonymous: httpx.AsyncClient, database: Database
) -> None:
    await figures(anonymous)
    with counted_queries(database) as sent:
        await figures(anonymous)
    assert not sent


async def test_figures_come_without_totals_while_the_database_is_away() -> None:
    async with client_of(
        create_app(Settings(), database=Database(create_engine(NOWHERE)))
    ) as client:
        found = await figures(client)
    assert found["warmline_up"] == 0
    assert "warmline_journal_pending" not in found
    assert "process_resident_memory_bytes" in found


async def test_closed_figures_are_for_keys_of_their_scope(
    database: Database, workspace: Workspace
) -> None:
    settings = Settings(metrics=MetricsSettings(open=False))
    app = create_app(settings, database=database)
    reader = await make_key(database, workspace.id, Scope.READ)
    scraper = await make_key(database, workspace.id, Scope.METRICS)
    for key, status in ((None, 401), (reader, 403), (scraper, 200)):
        async with client_of(app, key) as client:
            assert (await client.get("/metrics")).status_code == status


async def test_two_applications_in_one_process_count_apart(
    app: FastAPI, database: Database
) -> None:
    one, two = app, create_app(Settings(), database=database)
    async with client_of(one) as client:
        await client.get("/healthz")
    async with client_of(two) as client:
        found = await figures(client)
    assert not any("/healthz" in name for name in found)


async def test_a_webhooks_events_are_counted_as_accepted_seen_before_or_refused(
    anonymous: httpx.AsyncClient, database: Database, workspace: Workspace
) -> None:
    source = await make_source(database, workspace.id)
    address = f"/v1/sources/{source.id}/deliveries"
    known = comment()
    for events in ([known, comment()], [known, comment(), comment()]):
        body = body_of(batch(events))
        await anonymous.post(address, content=body, headers=source.headers(body))
    await anonymous.post(address, content=b"{}", headers=source.headers(b"{ }"))
    found = await figures(anonymous)
    assert found["warmline_intake_accepted_events_total"] == 4
    assert found["warmline_intake_duplicate_events_total"] == 1
    route = 'route="/v1/sources/{source_id}/deliveries"'
    assert found[f'warmline_refusals_total{{code="bad_signature",{route}}}'] == 1


async def test_lag_is_measured_by_the_databases_clock(
    database: Database, workspace: Workspace
) -> None:
    clock = FrozenClock(host_now() + timedelta(days=1))
    async with database.unit(workspace.id) as uow:
        await make.add_timer(uow, uuid4(), uuid4())
    frozen = create_app(Settings(), database=Database(database.engine, clock))
    async with client_of(frozen) as client:
        assert (await figures(client))["warmline_timers_lag_seconds"] > 80_000
