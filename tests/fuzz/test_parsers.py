"""Everything that reads a stranger's bytes answers them: with a value, or with our own refusal."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from services.api.bodies import check_declared_length
from services.core.intake.backfill import read_chunks
from services.core.intake.envelope import read_envelope
from services.core.intake.errors import (
    BodyTooLargeError,
    InvalidEnvelopeError,
    InvalidEventsError,
    InvalidJsonError,
    UnsupportedMediaError,
)
from services.core.intake.fields import read_timestamp
from services.core.intake.rules import check_content_encoding, read_media_type, read_webhook_id
from services.core.intake.strict_json import parse
from services.core.intake.types import ContentKind
from services.core.kit.cursors import CursorCodec, InvalidCursorError
from services.core.kit.errors import DomainError
from services.core.kit.http import BlockedAddressError, check_url
from services.core.kit.signatures import SignatureHeaders, SignatureRefusedError, sign, verify
from services.core.kit.text import clean_tree
from services.core.workspaces.rules import read_key, write_key
from tests.fuzz.bytes_of_strangers import bent, many, strange
from tests.support.deliveries import FULLEST, WHEN

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 21, 8, 15, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def native(kind: str) -> dict[str, object]:
    return {"id": f"e-{kind}", "type": kind, "timestamp": WHEN, "data": FULLEST[kind]}


EVENTS = [native(kind) for kind in FULLEST]
NATIVE = [json.dumps(event, ensure_ascii=False).encode() for event in EVENTS]
BATCHES = [json.dumps({"type": "batch", "data": {"events": EVENTS[:3]}}).encode()]
CLOUDEVENTS = [
    json.dumps(event | {"specversion": "1.0", "time": WHEN, "source": "/x"}).encode()
    for event in EVENTS
]
LINES = [b"\n".join(NATIVE[:3]) + b"\n"]


@many
@given(body=strange(NATIVE + BATCHES))
def test_json_is_read_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except InvalidJsonError as refusal:
        told = refusal
    else:
        storable, _ = clean_tree(value)
        json.dumps(storable, ensure_ascii=False, allow_nan=False).encode()
        return
    assert_tellable(told)


@many
@given(body=strange(NATIVE + BATCHES))
def test_a_native_delivery_is_read_or_refused(body: bytes) -> None:
    assert_read_or_refused(body, ContentKind.JSON)


@many
@given(body=strange(CLOUDEVENTS))
def test_a_cloud_event_is_read_or_refused(body: bytes) -> None:
    assert_read_or_refused(body, ContentKind.CLOUDEVENTS)


def assert_read_or_refused(body: bytes, kind: ContentKind) -> None:
    try:
        envelope = read_envelope(body, content_type=kind, webhook_id="whk_1")
    except (InvalidJsonError, InvalidEnvelopeError, InvalidEventsError) as refusal:
        told = refusal
    else:
        assert envelope.events
        for event in envelope.events:
            event.external_id.encode()
            assert 2000 <= event.occurred_at.year <= 2100
        return
    assert_tellable(told)


def assert_tellable(refusal: DomainError) -> None:
    """It says what is wrong, in words that can be written down whatever came in."""
    assert refusal.errors
    "".join(part.pointer + part.detail for part in refusal.errors).encode()


@many
@given(body=strange(LINES))
def test_every_line_of_a_history_is_read_or_told(body: bytes) -> None:
    chunks = list(read_chunks(io.BytesIO(body)))
    lines = [line for line in body.split(b"\n") if line.strip()]
    assert sum(len(chunk.events) + chunk.refused for chunk in chunks) == len(lines)


GOOD_HEADERS = (b"msg_1", b"%d" % STAMP, sign(SECRET, "msg_1", STAMP, NATIVE[0]).encode())


def header(good: bytes) -> st.SearchStrategy[tuple[bytes, ...]]:
    one = st.just(good) | st.binary(max_size=200) | bent([good])
    return st.lists(one, max_size=2).map(tuple)


@many
@given(
    webhook_id=header(GOOD_HEADERS[0]),
    timestamp=header(GOOD_HEADERS[1]),
    signature=header(GOOD_HEADERS[2]),
    body=strange(NATIVE[:1]),
    secrets=st.sampled_from([(), (SECRET,), (SECRET, SECRET)]),
)
def test_a_signature_is_right_or_refused(
    webhook_id: tuple[bytes, ...],
    timestamp: tuple[bytes, ...],
    signature: tuple[bytes, ...],
    body: bytes,
    secrets: tuple[str, ...],
) -> None:
    headers = SignatureHeaders(webhook_id, timestamp, signature)
    try:
        verify(secrets=secrets, headers=headers, body=body, now=NOW)
    except SignatureRefusedError:
        return
    # Nobody but the holder of the secret signs; here that is the one good delivery alone.
    assert secrets
    assert (webhook_id, timestamp, body) == ((b"msg_1",), (b"%d" % STAMP,), NATIVE[0])


CODEC = CursorCodec(b"a key")
CURSORS = [
    CODEC.encode(values, purpose="x").encode()
    for values in ([NOW, UUID(int=1)], [None], ["text", 7, 1.5], [])
]


@many
@given(cursor=strange(CURSORS), decoding=st.sampled_from(["latin-1", "utf-8"]))
def test_a_cursor_is_ours_or_refused(cursor: bytes, decoding: str) -> None:
    text = cursor.decode(decoding, errors="surrogateescape")
    for types in ((datetime, UUID), (str, int, float), (UUID,), ()):
        try:
            values = CODEC.decode(text, *types, purpose="x")
        except InvalidCursorError:
            continue
        assert CODEC.encode(values, purpose="x").encode() in CURSORS


HEADERS = [b"application/json; charset=utf-8", b"identity", b"msg_1", b"bytes=0-1"]


@many
@given(value=strange(HEADERS))
def test_a_header_is_understood_or_refused(value: bytes) -> None:
    text = value.decode("latin-1")
    for read in (
        lambda: read_media_type(text),
        lambda: check_content_encoding(text),
        lambda: read_webhook_id(value),
        lambda: check_declared_length([(b"content-length", value)], 1024),
    ):
        try:
            read()
        except (UnsupportedMediaError, InvalidEnvelopeError, BodyTooLargeError):
            continue


KEYS = [write_key(lambda count: bytes(range(count))).encode()]


@many
@given(raw=strange(KEYS))
def test_a_key_is_one_or_none(raw: bytes) -> None:
    text = raw.decode("latin-1")
    parts = read_key(text)
    if parts is not None:
        assert text.isascii()
        assert len(text) == len(KEYS[0])
        assert text.startswith(f"wl_{parts.prefix}_")


MOMENTS = [b"2026-11-21T08:15:04.120Z", b"2016-12-31T23:59:60+00:00", b"2026-02-29t00:00:00-00:00"]


@many
@given(written=strange(MOMENTS))
def test_a_time_is_read_or_refused(written: bytes) -> None:
    try:
        moment = read_timestamp(written.decode("latin-1"))
    except PydanticCustomError:
        return
    assert moment.tzinfo is UTC
    assert 2000 <= moment.year <= 2100


ADDRESSES = [
    b"https://hooks.example.com:443/a?b=c#d",
    b"http://[2606:4700::1111]/",
    "https://例子.cn/路径".encode(),
    b"http://127.0.0.1/",
    b"http://user@0x7f000001:80/",
]


@many
@given(url=strange(ADDRESSES), decoding=st.sampled_from(["latin-1", "utf-8"]))
def test_an_outgoing_address_is_taken_apart_or_blocked(url: bytes, decoding: str) -> None:
    text = url.decode(decoding, errors="surrogateescape")
    for allow_private in (False, True):
        try:
            target = check_url(text, allow_private=allow_private)
        except BlockedAddressError:
            continue
        assert target.url.scheme in {"http", "https"}
        assert not target.url.userinfo
