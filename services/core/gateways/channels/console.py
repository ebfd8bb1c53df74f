"""Writes alerts where whoever started the process looks: one line each, on standard output."""

import sys
from typing import Any, Final, TextIO

import orjson
from rich.console import Console
from rich.text import Text
from typing_extensions import override

from services.core.gateways.channels.port import Answer, ChannelGateway, Failure, Parcel
from services.core.kit.clock import monotonic

_STYLES: Final = {
    "hint": "cyan",
    "warning": "yellow",
    "breach": "bold red",
    "escalation": "bold white on red",
}


class ConsoleGateway(ChannelGateway):
    """A JSON line for a log collector, a coloured sentence in both languages for a terminal.

    `human=None` decides by whether the stream is a terminal.
    """

    def __init__(self, stream: TextIO | None = None, *, human: bool | None = None) -> None:
        self._stream = stream or sys.stdout
        self._human = self._stream.isatty() if human is None else human

    @override
    async def send(self, parcel: Parcel) -> Answer:
        started = monotonic()
        try:
            self._write(parcel)
        except (OSError, ValueError):
            # A closed pipe must not end the process that sends everybody else's alerts.
            return Answer(failure=Failure.UNREACHABLE, detail="The console is closed.")
        return Answer(status_code=200, took_ms=round((monotonic() - started) * 1000))

    def _write(self, parcel: Parcel) -> None:
        if self._human:
            console = Console(file=self._stream, force_terminal=self._stream.isatty())
            console.print(_line(dict(parcel.message)), soft_wrap=True)
        else:
            line = {"alert": parcel.message, "id": str(parcel.id)}
            self._stream.write(orjson.dumps(line).decode() + "\n")
        self._stream.flush()


def _line(message: dict[str, Any]) -> Text:
    severity = str(message.get("severity", ""))
    sentence = message.get("sentence", {})
    # Text, not markup: nothing in a message can colour or link the terminal.
    return Text.assemble(
        (f" {severity or message['type']} ", _STYLES.get(severity, "green")),
        " ",
        str(sentence.get("zh", "")),
        " / ",
        str(sentence.get("en", "")),
        " ",
        (str(message.get("links", {}).get("case", "")), "dim"),
    )
