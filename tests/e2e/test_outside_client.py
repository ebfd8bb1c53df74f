"""A client in another language, written from the contract alone, gets every answer of its table."""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from tests.support.brands import Brand
from tests.support.processes import Site
from tests.support.relays import postgres_wire

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not all(map(shutil.which, ["sh", "curl", "openssl"])), reason="needs sh, curl and openssl"
    ),
]

CLIENT = Path(__file__).with_name("outside_client.sh")
# By name of the call: the answer's number and the problem's code.
REFUSALS = {
    "not_json": (400, "invalid_json"),
    "too_deep": (400, "invalid_json"),
    "bad_envelope": (400, "invalid_envelope"),
    "unsigned": (401, "bad_signature"),
    "wrong_signature": (401, "bad_signature"),
    "expired": (401, "bad_signature"),
    "unknown_source": (401, "bad_signature"),
    "too_large": (413, "too_large"),
    "wrong_media": (415, "unsupported_media"),
    "compressed": (415, "unsupported_media"),
    "bad_event": (422, "invalid_event"),
}
WELCOME = ("accepted", "repeated", "batch", "cloud_event", "unknown_type")
# Enough for the calls that are welcome, and for few more.
QUOTA = {"INTAKE__EVENTS_PER_MINUTE": "1", "INTAKE__BURST_EVENTS": "15"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Outside:
    """The script, and the folder it writes to."""

    brand: Brand
    folder: Path

    async def call(self, *names: str) -> dict[str, Answer]:
        """Make the calls one after the other; nothing of our own environment goes along."""
        environment = {
            "PATH": os.environ["PATH"],
            "URL": self.brand.site.url,
            "SOURCE": self.brand.source_id,
            "SECRET": self.brand.secret,
            "OUT": str(self.folder),
        }
        # Not blocking: the wire to the database runs in this loop.
        process = await asyncio.create_subprocess_exec(
            "sh", str(CLIENT), *names, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, complaints = await process.communicate()
        assert process.returncode == 0, complaints.decode()
        return {name: self._read(name) for name in names}

    def _read(self, name: str) -> Answer:
        def read(part: str) -> str:
            return (self.folder / f"{name}.{part}").read_text(encoding="utf-8")

        _, _, lines = read("headers").partition("\n")
        headers = {key.lower(): value for key, value in Parser().parsestr(lines).items()}
        return Answer(int(read("status")), headers, json.loads(read("body")))


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.body["code"]) == (status, code), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["status"] == status
    assert {"type", "title", "detail", "request_id"} <= set(answer.body)


async def test_an_outside_client_gets_every_answer_of_the_table(
    site: Site, brand: Brand, tmp_path: Path
) -> None:
    outside = Outside(brand, tmp_path)
    async with postgres_wire(site.database_url) as (wire, through):
        await site.start_api(DATABASE__URL=through, **QUOTA)
        answers = await outside.call(*WELCOME, *REFUSALS)

        assert {answers[name].status for name in WELCOME} == {202}
        first, again = answers["accepted"].body, answers["repeated"].body
        assert (first["accepted"], first["duplicates"]) == (1, 0)
        assert again == first | {"accepted": 0, "duplicates": 1}
        batch = answers["batch"].body
        assert (batch["accepted"], batch["duplicates"]) == (2, 1)

        for name, (status, code) in REFUSALS.items():
            assert_problem(answers[name], status, code)
        assert "pointer" in answers["bad_envelope"].body["errors"][0]
        assert len(answers["bad_event"].body["errors"]) >= 1
        same_shape = {
            frozenset(answers[name].body)
            for name in ("unsigned", "wrong_signature", "expired", "unknown_source")
        }
        assert len(same_shape) == 1

        await wire.cut()
        unavailable = (await outside.call("unavailable"))["unavailable"]
        assert_problem(unavailable, 503, "unavailable")
        assert int(unavailable.headers["retry-after"]) > 0

        await wire.mend()
        over_quota = (await outside.call("over_quota"))["over_quota"]
        assert_problem(over_quota, 429, "over_quota")
        assert int(over_quota.headers["retry-after"]) > 0
    await assert_only_the_welcome_is_stored(site)


async def assert_only_the_welcome_is_stored(site: Site) -> None:
    async with site.looking() as rows:
        stored = await rows.fetch("SELECT webhook_id FROM deliveries WHERE webhook_id LIKE 'd-%'")
        events = await rows.fetch("SELECT external_id FROM journal WHERE external_id LIKE 'e-%'")
    assert {row["webhook_id"] for row in stored} == {"d-1", "d-2", "d-3", "d-4"}
    assert {row["external_id"] for row in events} == {"e-1", "e-2", "e-3", "e-4", "e-5"}
