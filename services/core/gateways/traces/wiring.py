"""Traces of a process, opened and closed with it; nothing at all where no address is set."""

from collections.abc import Callable

from services.core.settings import TraceSettings


def open_traces(settings: TraceSettings, service: str) -> Callable[[], None]:
    """Begin, and return what ends it.

    Raises ValueError where an address is set and the extra `traces` is not installed.
    """
    if settings.endpoint is None:
        return _nothing
    try:
        from services.core.gateways.traces import otlp  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        message = "WARMLINE__TRACES__ENDPOINT needs the extra: pip install 'warmline[traces]'."
        raise ValueError(message) from error
    return otlp.start(settings.endpoint, service=service, share=settings.share)


def _nothing() -> None:
    return
