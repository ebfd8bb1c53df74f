"""Signatures are those of the specification, whoever computes them."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from services.core.kit import signatures
from services.simulator.signing import BadSignatureError, signature, signed_headers, verify

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(KEY[::-1]).decode()
BODY = b'{"type":"x"}'
AT = 1_700_000_000


def test_a_signature_is_what_openssl_computes() -> None:
    # The signed bytes through "openssl dgst -sha256 -mac HMAC" with the key as hexkey, in base64.
    assert signature(SECRET, "msg_1", AT, BODY) == "v1,jAZOeV5VzdC4IYihPApaOsH0wetrn1f/Wbr6uFe6BBs="


def test_a_signature_is_the_hmac_written_out_by_hand() -> None:
    inner = bytes(byte ^ 0x36 for byte in KEY.ljust(64, b"\0"))
    outer = bytes(byte ^ 0x5C for byte in KEY.ljust(64, b"\0"))
    signed = b"msg_1.1700000000." + BODY
    by_hand = hashlib.sha256(outer + hashlib.sha256(inner + signed).digest()).digest()
    assert signature(SECRET, "msg_1", AT, BODY) == "v1," + base64.b64encode(by_hand).decode()


def test_the_product_accepts_what_the_simulator_signs() -> None:
    headers = signed_headers(SECRET, "msg_1", AT, BODY)
    raw = signatures.SignatureHeaders.from_raw(
        (name.encode(), value.encode()) for name, value in headers.items()
    )
    signatures.verify(secrets=[SECRET], headers=raw, body=BODY, now=datetime.fromtimestamp(AT, UTC))


def test_the_simulator_accepts_what_the_product_signs() -> None:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(AT),
        "webhook-signature": signatures.sign(SECRET, "msg_1", AT, BODY),
    }
    assert verify([SECRET], headers, BODY, now=AT) == "msg_1"


def test_during_a_rotation_either_secret_may_have_signed() -> None:
    headers = signed_headers(OTHER_SECRET, "msg_1", AT, BODY)
    assert verify([SECRET, OTHER_SECRET], headers, BODY, now=AT) == "msg_1"


def test_one_of_several_offered_signatures_is_enough() -> None:
    headers = signed_headers(SECRET, "msg_1", AT, BODY)
    headers["webhook-signature"] = f"v1,bm8= v2,else {headers['webhook-signature']}"
    assert verify([SECRET], headers, BODY, now=AT) == "msg_1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-id": ""}, "no webhook-id"),
        ({"webhook-id": "msg_2"}, "no signature matches"),
        ({"webhook-timestamp": str(AT + 1)}, "no signature matches"),
        ({"webhook-timestamp": f"{AT}.5"}, "no integer"),
        ({"webhook-timestamp": ""}, "no integer"),
        ({"webhook-timestamp": "9" * 40}, "no integer"),
        ({"webhook-signature": ""}, "no signature matches"),
        ({"webhook-signature": "v1,非"}, "no signature matches"),
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str], reason: str) -> None:
    headers = signed_headers(SECRET, "msg_1", AT, BODY) | change
    with pytest.raises(BadSignatureError, match=reason):
        verify([SECRET], headers, BODY, now=AT)


def test_a_changed_body_is_refused() -> None:
    headers = signed_headers(SECRET, "msg_1", AT, BODY)
    with pytest.raises(BadSignatureError, match="no signature matches"):
        verify([SECRET], headers, BODY + b" ", now=AT)


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_delivery_from_another_time_is_refused(shift: int) -> None:
    headers = signed_headers(SECRET, "msg_1", AT, BODY)
    with pytest.raises(BadSignatureError, match="too far away"):
        verify([SECRET], headers, BODY, now=AT + shift)


@pytest.mark.parametrize("secret", ["MDEyMw==", "whsec_***"])
def test_a_secret_of_another_shape_cannot_sign(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signature(secret, "msg_1", AT, BODY)
