"""The examples of the guide for producers, run as a reader would paste them."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from services.core.intake.envelope import read_envelope
from services.core.intake.rules import read_media_type, read_webhook_id
from services.core.intake.types import Envelope
from services.core.kit.signatures import SignatureHeaders, generate_secret, verify

GUIDE = Path(__file__).parents[3] / "docs" / "webhook.md"
SECRET = generate_secret()


class Receiver(HTTPServer):
    """Takes what intake would take and keeps it; anything else ends in no answer at all."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Delivery)
        self.received: list[Envelope] = []


class Delivery(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        raw = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        headers = SignatureHeaders.from_raw(raw)
        verify(secrets=[SECRET], headers=headers, body=body, now=datetime.now(UTC))
        envelope = read_envelope(
            body,
            content_type=read_media_type(self.headers["content-type"]),
            webhook_id=read_webhook_id(headers.webhook_id[0]),
        )
        assert isinstance(self.server, Receiver)
        self.server.received.append(envelope)
        self.send_response(202)
        self.end_headers()
        self.wfile.write(b'{"accepted": 1}')

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def example(language: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def run(command: list[str], receiver: Receiver) -> str:
    # Nothing of the shell's own: a proxy set there would take the request elsewhere.
    env = {
        "PATH": os.environ["PATH"],
        "URL": f"http://127.0.0.1:{receiver.server_port}/v1/sources/s/deliveries",
        "SECRET": SECRET,
    }
    answer = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.skipif(
    not all(map(shutil.which, ["bash", "curl", "openssl"])), reason="needs bash, curl and openssl"
)
def test_the_curl_example_delivers_a_comment(receiver: Receiver) -> None:
    output = run(["bash", "-c", example("bash")], receiver)

    assert output == '{"accepted": 1}'
    assert [event.external_id for event in receiver.received[0].events] == ["note-1-comment-7"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_node_example_delivers_a_batch(receiver: Receiver) -> None:
    output = run(["node", "--input-type=module", "--eval", example("js")], receiver)

    assert "status: 202" in output
    assert receiver.received[0].batch
    assert len(receiver.received[0].events) == 2
