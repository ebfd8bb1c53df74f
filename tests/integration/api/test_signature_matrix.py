"""Every way a signature, a time or an id can be wrong, at both doors for webhooks."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from services.core.kit.signatures import decode_secret, generate_secret, sign
from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import Workspace
from tests.support.factories import RegisteredSource, body_of, comment, make_source
from tests.support.webhooks import is_problem, nothing_is_stored

DOORS = {"deliveries": "application/json", "backfill": "application/x-ndjson"}
ID = "msg_1"
BODY = body_of(comment("a"))


class Ground(NamedTuple):
    """A source, and what signs elsewhere: its workspace's other source, another workspace's."""

    source: RegisteredSource
    neighbour: RegisteredSource
    stranger: RegisteredSource


@pytest.fixture
async def ground(database: Database, workspace: Workspace) -> Ground:
    other = await workspaces.create_workspace(database, "Other brand")
    return Ground(
        await make_source(database, workspace.id),
        await make_source(database, workspace.id),
        await make_source(database, other.id),
    )


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def headers(
    ground: Ground,
    *,
    body: bytes = BODY,
    webhook_id: str = ID,
    at: int | None = None,
    source: RegisteredSource | None = None,
) -> dict[bytes, bytes]:
    at = now() if at is None else at
    secret = (source or ground.source).secret
    return {
        b"webhook-id": webhook_id.encode(),
        b"webhook-timestamp": str(at).encode(),
        b"webhook-signature": sign(secret, webhook_id, at, body).encode(),
    }


def with_signature(change: Callable[[bytes], bytes]) -> Callable[[Ground], dict[bytes, bytes]]:
    def make(ground: Ground) -> dict[bytes, bytes]:
        good = headers(ground)
        return good | {b"webhook-signature": change(good[b"webhook-signature"])}

    return make


def without(name: bytes) -> Callable[[Ground], dict[bytes, bytes]]:
    return lambda ground: {key: value for key, value in headers(ground).items() if key != name}


def with_header(name: bytes, value: bytes) -> Callable[[Ground], dict[bytes, bytes]]:
    return lambda ground: headers(ground) | {name: value}


def timed(ground: Ground, timestamp: bytes) -> dict[bytes, bytes]:
    return headers(ground) | {b"webhook-timestamp": timestamp}


def as_hex(signature: bytes) -> bytes:
    return b"v1," + base64.b64decode(signature[3:]).hex().encode()


WRONG: dict[str, Callable[[Ground], dict[bytes, bytes]]] = {
    "no signature": without(b"webhook-signature"),
    "no id": without(b"webhook-id"),
    "no timestamp": without(b"webhook-timestamp"),
    "empty signature": with_signature(lambda _: b""),
    "only the version": with_signature(lambda _: b"v1,"),
    "another version": with_signature(lambda good: good.replace(b"v1,", b"v9,")),
    "the asymmetric version": with_signature(lambda good: good.replace(b"v1,", b"v1a,")),
    "upper-case version": with_signature(lambda good: good.replace(b"v1,", b"V1,")),
    "no version": with_signature(lambda good: good[3:]),
    "truncated": with_signature(lambda good: good[:-4]),
    "padding lost": with_signature(lambda good: good.rstrip(b"=")),
    "in hex": with_signature(as_hex),
    "upper case": with_signature(lambda good: good.upper()),
    "bad base64": with_signature(lambda _: b"v1,!!!!"),
    "url-safe base64 of another": with_signature(lambda _: b"v1," + b"-_" * 22),
    "non-ASCII": with_signature(lambda good: good + "é".encode("latin-1")),
    "NUL": with_signature(lambda good: good + b"\0"),
    "nine signatures": with_signature(lambda good: b" ".join([good] * 9)),
    "4 KiB and a byte": with_signature(lambda good: good + b" " * 4097),
    "of another id": lambda ground: headers(ground, webhook_id="msg_2") | {b"webhook-id": b"msg_1"},
    "of another time": lambda ground: (
        headers(ground, at=now() - 7) | {b"webhook-timestamp": str(now()).encode()}
    ),
    "of another body": lambda ground: headers(ground, body=BODY + b"\n"),
    "of the body written anew": lambda ground: headers(
        ground, body=json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    ),
    "of the packed body": lambda ground: headers(ground, body=gzip.compress(BODY)),
    "of another source": lambda ground: headers(ground, source=ground.neighbour),
    "of another workspace": lambda ground: headers(ground, source=ground.stranger),
    "of a secret never given": lambda ground: (
        headers(ground) | {b"webhook-signature": sign(generate_secret(), ID, now(), BODY).encode()}
    ),
    "with the secret's text as the key": lambda ground: headers(
        ground,
        source=RegisteredSource(
            ground.source.workspace_id,
            ground.source.id,
            "whsec_" + base64.b64encode(ground.source.secret.encode()).decode(),
        ),
    ),
    "301 seconds old": lambda ground: headers(ground, at=now() - 302),
    "301 seconds early": lambda ground: headers(ground, at=now() + 302),
    "of 1970": lambda ground: headers(ground, at=0),
    # Made when they are sent, and named alike in every process that collects them.
    "a fraction of a second": lambda ground: timed(ground, b"%d.9" % now()),
    "a padded timestamp": lambda ground: timed(ground, b" %d " % now()),
    "a signed timestamp": lambda ground: timed(ground, b"+%d" % now()),
    **{
        f"timestamp {value!r}": with_header(b"webhook-timestamp", value)
        for value in (
            b"",
            b"-1",
            b"1e9",
            b"9223372036854775808",
            b"NaN",
            b"0x60380000",
            "１７９５２４８９００".encode(),
            "٢".encode(),
            b"2026-11-21T08:15:04Z",
        )
    },
}


async def post(
    client: httpx.AsyncClient,
    ground: Ground,
    door: str,
    sent: list[tuple[bytes, bytes]],
    *,
    body: bytes = BODY,
) -> httpx.Response:
    media = (b"content-type", DOORS[door].encode())
    path = f"/v1/sources/{ground.source.id}/{door}"
    return await client.post(path, content=body, headers=[media, *sent])


@pytest.mark.parametrize("door", DOORS)
async def test_the_matrix_starts_from_what_is_right(
    anonymous: httpx.AsyncClient, ground: Ground, door: str
) -> None:
    answer = await post(anonymous, ground, door, list(headers(ground).items()))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("wrong", WRONG)
async def test_whatever_is_wrong_the_answer_is_the_same_401(
    anonymous: httpx.AsyncClient, database: Database, ground: Ground, wrong: str, door: str
) -> None:
    answer = await post(anonymous, ground, door, list(WRONG[wrong](ground).items()))
    assert is_problem(answer, 401, "bad_signature")
    nothing_sent = await post(anonymous, ground, door, [])
    assert answer.json() | {"request_id": ""} == nothing_sent.json() | {"request_id": ""}
    assert answer.headers.keys() == nothing_sent.headers.keys()
    assert await nothing_is_stored(database)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", [b"webhook-id", b"webhook-timestamp", b"webhook-signature"])
async def test_a_header_sent_twice_is_401_even_if_both_are_right(
    anonymous: httpx.AsyncClient, ground: Ground, name: bytes, door: str
) -> None:
    good = headers(ground)
    answer = await post(anonymous, ground, door, [*good.items(), (name, good[name])])
    assert is_problem(answer, 401, "bad_signature")


@pytest.mark.parametrize("door", DOORS)
async def test_a_right_signature_among_wrong_ones_is_enough(
    anonymous: httpx.AsyncClient, ground: Ground, door: str
) -> None:
    good = headers(ground)
    good[b"webhook-signature"] = b"v9,x v1,AAAA " + good[b"webhook-signature"]
    answer = await post(anonymous, ground, door, list(good.items()))
    assert answer.status_code == 202


@pytest.mark.parametrize("door", DOORS)
async def test_a_packed_body_is_415_and_401_when_nobody_says_that_it_is_packed(
    anonymous: httpx.AsyncClient, ground: Ground, door: str
) -> None:
    packed = gzip.compress(BODY)
    signed = list(headers(ground).items())
    silent = await post(anonymous, ground, door, signed, body=packed)
    assert is_problem(silent, 401, "bad_signature")
    told = [*signed, (b"content-encoding", b"gzip")]
    answer = await post(anonymous, ground, door, told, body=packed)
    assert is_problem(answer, 415, "unsupported_media")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("webhook_id", ["a.b", "a b", "a/b", "x" * 129, "a\tb", "%41"])
async def test_an_id_outside_its_grammar_is_400_though_it_is_signed(
    anonymous: httpx.AsyncClient, database: Database, ground: Ground, webhook_id: str, door: str
) -> None:
    signed = headers(ground, webhook_id=webhook_id)
    answer = await post(anonymous, ground, door, list(signed.items()))
    assert is_problem(answer, 400, "invalid_envelope")
    assert await nothing_is_stored(database)


async def test_a_delivery_sent_again_is_202_inside_the_window_and_401_behind_it(
    anonymous: httpx.AsyncClient, ground: Ground
) -> None:
    again = list(headers(ground, at=now() - 290).items())
    first = await post(anonymous, ground, "deliveries", again)
    second = await post(anonymous, ground, "deliveries", again)
    assert (first.json()["accepted"], second.json()["duplicates"]) == (1, 1)
    behind = list(headers(ground, at=now() - 302).items())
    third = await post(anonymous, ground, "deliveries", behind)
    assert is_problem(third, 401, "bad_signature")


async def test_after_the_overlap_only_the_new_secret_signs(
    api: httpx.AsyncClient, anonymous: httpx.AsyncClient, database: Database, ground: Ground
) -> None:
    made = await api.post(f"/v1/sources/{ground.source.id}/secrets", json={"overlap_seconds": 600})
    async with database.system() as uow:
        await uow.execute(
            "UPDATE source_secrets SET expires_at = :past WHERE expires_at IS NOT NULL",
            {"past": datetime.now(UTC) - timedelta(seconds=1)},
        )
    old = await post(anonymous, ground, "deliveries", list(headers(ground).items()))
    assert is_problem(old, 401, "bad_signature")
    new = RegisteredSource(ground.source.workspace_id, ground.source.id, made.json()["secret"])
    signed = headers(ground, source=new)
    assert (await post(anonymous, ground, "deliveries", list(signed.items()))).status_code == 202


def test_a_secret_is_as_long_as_the_specification_wants() -> None:
    assert 24 <= len(decode_secret(generate_secret())) <= 64


async def test_a_source_of_nobody_answers_as_a_wrong_signature_does(
    anonymous: httpx.AsyncClient, ground: Ground
) -> None:
    known = await post(anonymous, ground, "deliveries", [])
    for nobody in (str(uuid4()), "x", "0" * 300):
        path = f"/v1/sources/{nobody}/deliveries"
        sent = {"content-type": "application/json"}
        unknown = await anonymous.post(path, content=BODY, headers=sent)
        assert unknown.status_code == 401
        assert unknown.json() | {"request_id": ""} == known.json() | {"request_id": ""}
