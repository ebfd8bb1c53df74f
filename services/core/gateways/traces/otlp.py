"""Sends spans to a collector by OpenTelemetry's protocol over HTTP, in a thread of its own.

The only module that knows OpenTelemetry's SDK, which is an extra: it is imported when somebody set
an address, and by nobody else.
"""

from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.core.kit import ids, tracing
from services.core.kit.tracing import Kind, Span

_KINDS: Final = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.CLIENT: SpanKind.CLIENT,
}
_SCOPE: Final = InstrumentationScope("warmline")
_SENDING_SECONDS: Final = 5.0
# What waits beyond is dropped: traces never hold anything up.
_MOST_WAITING: Final = 4_096


def start(endpoint: str, *, service: str, share: float) -> Callable[[], None]:
    """Collect from now on; what is returned sends the rest and ends it, which may take seconds."""
    resource = Resource({"service.name": service})
    processor = BatchSpanProcessor(
        OTLPSpanExporter(endpoint, timeout=_SENDING_SECONDS), max_queue_size=_MOST_WAITING
    )

    def take(span: Span) -> None:
        for each in readable(span, resource):
            processor.on_end(each)

    def stop() -> None:
        tracing.collect(None)
        processor.shutdown()  # type: ignore[no-untyped-call]  # the SDK says nothing of it

    tracing.collect(take, share)
    return stop


def readable(span: Span, resource: Resource) -> list[ReadableSpan]:
    """The span as the SDK has it, and one below it for each statement."""
    attributes: dict[str, str | int] = dict(span.attributes)
    if span.left_out:
        attributes["warmline.statements_left_out"] = span.left_out
    status = Status(StatusCode.ERROR, span.failure) if span.failure else Status()
    above = None if span.parent_id is None else _context(span.trace_id, span.parent_id)
    here = _context(span.trace_id, span.span_id)
    found = [
        ReadableSpan(
            name=span.name,
            context=here,
            parent=above,
            resource=resource,
            attributes=attributes,
            kind=_KINDS[span.kind],
            links=[Link(_context(*each)) for each in span.links],
            instrumentation_scope=_SCOPE,
            status=status,
            start_time=span.began,
            end_time=span.ended,
        )
    ]
    told: Mapping[str, str] = {"db.system.name": "postgresql"}
    found += [
        ReadableSpan(
            name=each.name,
            context=_context(span.trace_id, ids.new_id().hex[16:]),
            parent=here,
            resource=resource,
            attributes={**told, "db.query.summary": each.name},
            kind=SpanKind.CLIENT,
            instrumentation_scope=_SCOPE,
            status=Status(),
            start_time=each.began,
            end_time=each.ended,
        )
        for each in span.statements
    ]
    return found


def _context(trace_id: str, span_id: str) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=sampled)
