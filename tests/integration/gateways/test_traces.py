"""Spans of a request, of a worker's pass and of a sending, at a collector that is really there."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from services.api.main import create_app
from services.core.gateways import traces
from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.wiring import open_gateways
from services.core.gateways.traces.wiring import open_traces
from services.core.kit import tracing
from services.core.kit.uow import Database
from services.core.settings import DatabaseSettings, Settings, TraceSettings
from services.core.workspaces.types import Workspace
from services.worker.runtime import Context, Job, Pass, Stage
from tests.support.client import client_of, make_key
from tests.support.sinks import Sink, says, sink

SECRET = "whsec_" + "A" * 32
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MESSAGE = {"type": "alert.raised", "at": "2026-11-20T12:00:00Z", "text": "烂脸"}


@contextmanager
def collecting() -> Iterator[None]:
    """Whatever happens, no other test of this process is traced."""
    try:
        yield
    finally:
        tracing.collect(None)


def spans_of(collector: Sink) -> dict[str, list[Any]]:
    """By service and name."""
    found: dict[str, list[Any]] = {}
    for _, body in collector.requests:
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in part.scope_spans:
                for span in scope.spans:
                    found.setdefault(span.name, []).append(span)
    return found


async def passes(database: Database) -> None:
    """One pass that did something, and one that found nothing."""
    told = iter([Pass(3), Pass(0)])

    async def body(context: Context) -> Pass:
        async with context.database.system() as uow:
            await uow.execute("SELECT count(*) FROM journal")
        tracing.note_requests([TRACE])
        return next(told)

    job = Job("test.count", "test", body)
    context = Context(database, Settings(), classifier=None, gateways={})  # type: ignore[arg-type]  # nothing is judged
    stage = Stage(job, context, {})
    await stage._drain()
    await stage._drain()


async def test_a_request_its_statements_and_what_it_set_off_are_one_trace(
    database: Database, database_url: str, workspace: Workspace
) -> None:
    key = await make_key(database, workspace.id)
    async with sink(says("200 OK")) as collector, sink(says("204 No Content")) as receiver:
        endpoint = f"http://127.0.0.1:{collector.port}/v1/traces"
        with collecting():
            app = create_app(
                Settings(
                    database=DatabaseSettings(url=SecretStr(database_url)),
                    traces=TraceSettings(endpoint=endpoint),
                )
            )
            own: Database = app.state.warmline.database
            sent = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            async with client_of(app, key) as client:
                answer = await client.get("/v1/cases?text=碎", headers=sent)
            assert answer.status_code == 200, answer.text
            assert answer.headers["x-request-id"] == TRACE
            await passes(own)
            async with open_gateways(allow_private_addresses=True, timeout_seconds=10) as gateways:
                parcel = Parcel(
                    uuid4(), MESSAGE, {"url": receiver.url}, ("whsec_" + "A" * 32,), TRACE
                )
                await gateways["webhook"].send(parcel)
            await asyncio.to_thread(app.state.end_traces)
            await own.close()
    found = spans_of(collector)
    (request,), (job,), (sending,) = (
        found[name] for name in ("GET /v1/cases", "job test.count", "send webhook")
    )
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert (sending.trace_id, sending.parent_span_id) == (request.trace_id, request.span_id)
    ((headers, _),) = receiver.requests
    assert headers["traceparent"] == f"00-{TRACE}-{sending.span_id.hex()}-01"
    assert job.trace_id != request.trace_id
    (link,) = job.links
    assert link.trace_id == request.trace_id
    (counted,) = [one for one in found["SELECT journal"] if one.parent_span_id == job.span_id]
    assert counted.start_time_unix_nano <= counted.end_time_unix_nano
    assert any(one.parent_span_id == request.span_id for one in found["SELECT cases"])
    told = b"".join(body for _, body in collector.requests)
    # Verbs, tables and times; no text, no value, nothing secret.
    for kept in (key, str(workspace.id), "碎", "烂脸", "WHERE"):
        assert kept.encode() not in told, kept


async def test_a_collector_that_is_away_holds_nothing_up() -> None:
    async with sink(says("200 OK")) as gone:
        pass
    endpoint = f"http://127.0.0.1:{gone.port}/v1/traces"
    with collecting():
        end = open_traces(TraceSettings(endpoint=endpoint), "warmline-test")
        with tracing.spanning("work") as span:
            assert span is not None
        await asyncio.wait_for(asyncio.to_thread(end), 60)


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    script = (
        "import sys; from services.api.main import create_app; import services.worker.main\n"
        "from services.core.gateways.traces.wiring import open_traces\n"
        "from services.core.settings import TraceSettings; open_traces(TraceSettings(), 'a')()\n"
        "print(*(name for name in sys.modules if name.startswith('opentelemetry.sdk')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=180
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_without_the_extra_the_setting_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(traces, "otlp", raising=False)
    monkeypatch.setitem(sys.modules, "services.core.gateways.traces.otlp", None)
    with pytest.raises(ValueError, match="pip install"):
        open_traces(TraceSettings(endpoint="http://127.0.0.1:1/v1/traces"), "warmline-test")
