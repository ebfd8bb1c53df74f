"""How long a refusal takes must not tell how nearly right the secret was: measured, over loopback.

Timing on a shared machine proves nothing in a hurry, so this runs in `make fuzz` alone; that equal
steps are taken is counted in `tests/unit/kit/test_equal_work.py` by every run.
"""

import asyncio
import gc
import http.client
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from services.core.kit.signatures import generate_secret, sign
from services.core.workspaces.rules import write_key
from tests.fuzz.bytes_of_strangers import LONG
from tests.fuzz.campaign import Ground, prepared_ground
from tests.support.factories import RegisteredSource, body_of, comment
from tests.support.processes import Site

pytestmark = pytest.mark.skipif(not LONG, reason="measured by `make fuzz`")

SAMPLES = 20_000
# Of the medians; what a stranger on the same machine could tell apart, and far from a byte's worth.
MAX_DIFFERENCE_US = 50.0
BODY = body_of(comment("timed"))
SAME = "a key of none, twice"

Ask = Callable[[], tuple[str, str, bytes, dict[str, str]]]


def with_key(key: Callable[[], str]) -> Ask:
    return lambda: ("GET", "/v1/workspace", b"", {"authorization": f"Bearer {key()}"})


def with_signature(source: RegisteredSource, secret: Callable[[], str]) -> Ask:
    def ask() -> tuple[str, str, bytes, dict[str, str]]:
        headers = source.headers(BODY, webhook_id=f"msg_{uuid4().hex}")
        signature = sign(secret(), headers["webhook-id"], int(headers["webhook-timestamp"]), BODY)
        headers["webhook-signature"] = signature
        return "POST", f"/v1/sources/{source.id}/deliveries", BODY, headers

    return ask


def bent_signature(source: RegisteredSource, place: int) -> Ask:
    good = with_signature(source, lambda: source.secret)

    def ask() -> tuple[str, str, bytes, dict[str, str]]:
        method, path, body, headers = good()
        signature = headers["webhook-signature"]
        other = "A" if signature[place] != "A" else "B"
        headers["webhook-signature"] = signature[:place] + other + signature[place + 1 :]
        return method, path, body, headers

    return ask


def new_key() -> str:
    return write_key(secrets.token_bytes)


def pairs(ground: Ground) -> Iterator[tuple[str, Ask, Ask]]:
    """Two ways to be wrong that must look alike; the first pair are one and the same."""
    key, source = ground.world.key, ground.world.source
    yield SAME, with_key(new_key), with_key(new_key)
    known = key[: len("wl_12345678_")]
    half = key[: len(known) + 20]
    nobody = RegisteredSource(source.workspace_id, uuid4(), generate_secret())
    yield (
        "a key of a known prefix, a key of none",
        with_key(lambda: known + new_key()[len(known) :]),
        with_key(new_key),
    )
    yield (
        "a key that is half right, a key that is all wrong",
        with_key(lambda: half + new_key()[len(half) :]),
        with_key(lambda: known + new_key()[len(known) :]),
    )
    yield (
        "a signature wrong at its start, one wrong at its end",
        bent_signature(source, 3),
        bent_signature(source, -2),
    )
    yield (
        "a wrong signature for a source, and for no source",
        with_signature(source, generate_secret),
        with_signature(nobody, generate_secret),
    )


def microseconds(connection: http.client.HTTPConnection, ask: Ask) -> float:
    method, path, body, headers = ask()
    started = time.perf_counter_ns()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    taken = time.perf_counter_ns() - started
    assert answer.status == 401
    return taken / 1_000


def difference(address: str, first: Ask, second: Ask) -> float:
    """Median of what the first takes longer than the second, in microseconds.

    Of neighbours in time, in turns: a slow minute is slow for both.
    """
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    longer = []
    for ask in (first, second) * 200:
        microseconds(connection, ask)
    gc.disable()
    try:
        for turn in range(SAMPLES):
            if turn % 2:
                longer.append(microseconds(connection, first) - microseconds(connection, second))
            else:
                longer.append(-microseconds(connection, second) + microseconds(connection, first))
    finally:
        gc.enable()
        connection.close()
    return statistics.median(longer)


async def test_refusals_take_the_same_time_however_wrong_the_secret_is(site: Site) -> None:
    ground = await prepared_ground(site.database_url)
    await site.start_api(LOG__LEVEL="ERROR")
    measured = {
        name: round(await asyncio.to_thread(difference, site.url, first, second), 1)
        for name, first, second in pairs(ground)
    }
    print(measured)  # noqa: T201 - pytest keeps it
    # What one and the same differs from itself is this machine's noise, not a secret's trace.
    bound = MAX_DIFFERENCE_US + abs(measured.pop(SAME))
    assert {name: value for name, value in measured.items() if abs(value) > bound} == {}
