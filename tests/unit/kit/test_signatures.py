import base64
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.core.kit.errors import DomainError, ErrorKind
from services.core.kit.signatures import (
    Refusal,
    SignatureCheck,
    SignatureHeaders,
    SignatureRefusedError,
    decode_secret,
    generate_secret,
    sign,
    verify,
)

# The test vector of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

NOW = datetime.fromtimestamp(TIMESTAMP, UTC)
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of 32 bytes total").decode()


def headers(
    *,
    webhook_id: bytes = WEBHOOK_ID.encode(),
    timestamp: bytes = str(TIMESTAMP).encode(),
    signature: bytes = SIGNATURE.encode(),
) -> SignatureHeaders:
    return SignatureHeaders((webhook_id,), (timestamp,), (signature,))


def refusal(
    given_headers: SignatureHeaders,
    *,
    body: bytes = BODY,
    now: datetime = NOW,
    secrets: tuple[str, ...] = (SECRET,),
) -> Refusal | None:
    try:
        verify(secrets=secrets, headers=given_headers, body=body, now=now)
    except SignatureRefusedError as error:
        return error.reason
    return None


class TestSigning:
    def test_the_specifications_vector_comes_out(self) -> None:
        assert sign(SECRET, WEBHOOK_ID, TIMESTAMP, BODY) == SIGNATURE

    def test_the_prefix_of_a_secret_may_be_missing(self) -> None:
        bare = SECRET.removeprefix("whsec_")

        assert sign(bare, WEBHOOK_ID, TIMESTAMP, BODY) == SIGNATURE

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
    @pytest.mark.parametrize("body", [BODY, b"", "你好\n".encode(), bytes(range(256))])
    def test_openssl_computes_the_same(self, body: bytes) -> None:
        key = decode_secret(OTHER_SECRET).hex()
        answer = subprocess.run(
            ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"],
            input=b"evt_1.1700000000." + body,
            capture_output=True,
            check=True,
        )

        expected = "v1," + base64.b64encode(answer.stdout).decode()
        assert sign(OTHER_SECRET, "evt_1", 1_700_000_000, body) == expected


class TestSecrets:
    def test_a_new_secret_holds_32_random_bytes(self) -> None:
        first, second = generate_secret(), generate_secret()

        assert first.startswith("whsec_")
        assert len(decode_secret(first)) == 32
        assert first != second

    @pytest.mark.parametrize(
        "secret",
        [
            "",
            "whsec_",
            "whsec_not base64!",
            "whsec_烂脸",
            "whsec_" + base64.b64encode(b"x" * 23).decode(),
            "whsec_" + base64.b64encode(b"x" * 65).decode(),
            SECRET[:-1],
            SECRET + "!",
            SECRET[:20] + "\n" + SECRET[20:],
        ],
    )
    def test_what_is_no_secret_is_told_without_repeating_it(self, secret: str) -> None:
        with pytest.raises(ValueError, match="A webhook secret") as caught:
            decode_secret(secret)

        tail = secret.removeprefix("whsec_")
        assert not tail or tail not in str(caught.value)


class TestAccepting:
    def test_the_specifications_vector_is_accepted(self) -> None:
        assert refusal(headers()) is None

    def test_either_of_two_live_secrets_is_enough(self) -> None:
        assert refusal(headers(), secrets=(OTHER_SECRET, SECRET)) is None
        assert refusal(headers(), secrets=(SECRET, OTHER_SECRET)) is None

    @pytest.mark.parametrize("offset", [-300, 300])
    def test_the_window_includes_its_edges(self, offset: int) -> None:
        assert refusal(headers(), now=NOW + timedelta(seconds=offset)) is None

    @pytest.mark.parametrize(
        "signature",
        [
            f"v1,AAAA {SIGNATURE}",
            f"{SIGNATURE} v1,AAAA",
            f"v1a,AAAA v2,BBBB {SIGNATURE}",
            f"garbage  {SIGNATURE} ",
            " ".join(["v1,AAAA"] * 7 + [SIGNATURE]),
        ],
    )
    def test_one_good_signature_among_others_is_enough(self, signature: str) -> None:
        assert refusal(headers(signature=signature.encode())) is None

    def test_a_body_may_come_in_pieces(self) -> None:
        check = SignatureCheck(secrets=[SECRET], headers=headers(), now=NOW)
        for byte in BODY:
            check.update(bytes([byte]))

        check.finish()

    def test_headers_are_picked_out_of_a_request_with_their_repetitions(self) -> None:
        raw = [
            (b"host", b"x"),
            (b"webhook-id", b"a"),
            (b"webhook-timestamp", b"1"),
            (b"webhook-signature", b"v1,x"),
            (b"webhook-id", b"b"),
        ]

        assert SignatureHeaders.from_raw(raw) == SignatureHeaders(
            webhook_id=(b"a", b"b"), timestamp=(b"1",), signature=(b"v1,x",)
        )

    @given(
        key=st.binary(min_size=24, max_size=64),
        webhook_id=st.from_regex(r"[A-Za-z0-9_:-]{1,128}", fullmatch=True),
        timestamp=st.integers(0, 10**11),
        body=st.binary(max_size=200),
    )
    def test_what_we_sign_we_accept(
        self, key: bytes, webhook_id: str, timestamp: int, body: bytes
    ) -> None:
        secret = "whsec_" + base64.b64encode(key).decode()
        given_headers = headers(
            webhook_id=webhook_id.encode(),
            timestamp=str(timestamp).encode(),
            signature=sign(secret, webhook_id, timestamp, body).encode(),
        )
        now = datetime.fromtimestamp(timestamp, UTC)

        assert refusal(given_headers, body=body, now=now, secrets=(secret,)) is None
        assert refusal(given_headers, body=body + b" ", now=now, secrets=(secret,))


class TestRefusing:
    @pytest.mark.parametrize(
        "signature",
        [
            SIGNATURE.replace("v1,", "v9,"),
            SIGNATURE.replace("v1,", "v1a,"),
            SIGNATURE.replace("v1,", "V1,"),
            SIGNATURE.removeprefix("v1,"),
            SIGNATURE[:-1],
            SIGNATURE[:20],
            SIGNATURE + "=",
            SIGNATURE.replace("g0", "G0"),
            "v1," + base64.b64decode(SIGNATURE[3:]).hex(),
            "v1,",
            "v1",
            ",",
            " ",
            "v1,!!!not base64!!!",
            SIGNATURE.replace(",", ", "),
            "v1," + "é" * 44,
        ],
    )
    def test_a_malformed_or_other_signature_is_no_match(self, signature: str) -> None:
        assert refusal(headers(signature=signature.encode("latin-1"))) is Refusal.NO_MATCH

    @pytest.mark.parametrize("body", [b"", BODY + b"\n", BODY.replace(b" ", b""), b"\x1f\x8b\x08"])
    def test_another_body_is_no_match(self, body: bytes) -> None:
        assert refusal(headers(), body=body) is Refusal.NO_MATCH

    def test_another_id_time_or_secret_is_no_match(self) -> None:
        assert refusal(headers(webhook_id=b"msg_other")) is Refusal.NO_MATCH
        later = str(TIMESTAMP + 1).encode()
        assert refusal(headers(timestamp=later)) is Refusal.NO_MATCH
        assert refusal(headers(), secrets=(OTHER_SECRET,)) is Refusal.NO_MATCH

    def test_the_bytes_of_the_headers_are_what_is_signed(self) -> None:
        # The same number, but not the same bytes.
        assert refusal(headers(timestamp=b"0%d" % TIMESTAMP)) is Refusal.NO_MATCH

    @pytest.mark.parametrize(
        "timestamp",
        [
            b"1614265330.9",
            b" 1614265330",
            b"1614265330 ",
            b"1614265330\n",
            b"+1614265330",
            b"-1614265330",
            b"1_614_265_330",
            b"1e9",
            b"0x60380000",
            b"NaN",
            b"9223372036854775808",
            b"1" * 13,
            "１６１４２６５３３０".encode(),  # full-width digits
            "١٦١٤٢٦٥٣٣٠".encode(),
            b"2021-02-25T15:02:10Z",
        ],
    )
    def test_a_timestamp_is_up_to_twelve_plain_digits(self, timestamp: bytes) -> None:
        assert refusal(headers(timestamp=timestamp)) is Refusal.MALFORMED_TIMESTAMP

    @pytest.mark.parametrize("offset", [-86_400, -301, -300.5, 300.001, 301, 86_400])
    def test_outside_the_window_a_good_signature_is_refused(self, offset: float) -> None:
        now = NOW + timedelta(seconds=offset)

        assert refusal(headers(), now=now) is Refusal.TIMESTAMP_OUT_OF_RANGE

    def test_the_window_can_be_narrower(self) -> None:
        with pytest.raises(SignatureRefusedError):
            verify(
                secrets=[SECRET],
                headers=headers(),
                body=BODY,
                now=NOW + timedelta(seconds=11),
                tolerance_seconds=10,
            )

    def test_a_missing_or_empty_header_is_refused(self) -> None:
        assert refusal(SignatureHeaders()) is Refusal.MISSING_HEADER
        assert refusal(headers(webhook_id=b"")) is Refusal.MISSING_HEADER
        assert refusal(headers(timestamp=b"")) is Refusal.MISSING_HEADER
        assert refusal(headers(signature=b"")) is Refusal.MISSING_HEADER

    @pytest.mark.parametrize("name", ["webhook_id", "timestamp", "signature"])
    def test_a_header_sent_twice_is_refused_even_with_equal_values(self, name: str) -> None:
        once = headers()
        values = {
            "webhook_id": once.webhook_id,
            "timestamp": once.timestamp,
            "signature": once.signature,
        }
        values[name] *= 2

        assert refusal(SignatureHeaders(**values)) is Refusal.REPEATED_HEADER

    def test_more_than_eight_signatures_are_not_looked_at(self) -> None:
        nine = " ".join([SIGNATURE] * 9).encode()

        assert refusal(headers(signature=nine)) is Refusal.OVERSIZED_HEADER

    def test_a_signature_header_over_4_kib_is_not_looked_at(self) -> None:
        padded = SIGNATURE.encode() + b" v1," + b"A" * 4096

        assert refusal(headers(signature=padded[:4096])) is None
        assert refusal(headers(signature=padded[:4097])) is Refusal.OVERSIZED_HEADER

    def test_an_unknown_source_has_no_secret_and_refuses_everything(self) -> None:
        assert refusal(headers(), secrets=()) is Refusal.UNKNOWN_SOURCE

    def test_the_sender_is_told_the_same_whatever_the_reason_is(self) -> None:
        told = set()
        for reason in Refusal:
            error = SignatureRefusedError(reason)
            told.add((error.kind, error.code, error.detail, tuple(error.errors)))

        assert [(kind, code) for kind, code, _, _ in told] == [
            (ErrorKind.UNAUTHENTICATED, "bad_signature")
        ]

    @given(
        webhook_id=st.lists(st.binary(max_size=40), max_size=2),
        timestamp=st.lists(st.binary(max_size=20) | st.just(b"%d" % TIMESTAMP), max_size=2),
        signature=st.lists(st.binary(max_size=120) | st.just(SIGNATURE.encode()), max_size=2),
        body=st.binary(max_size=100),
    )
    @example([b"\xff"], [b"%d" % TIMESTAMP], [b"v1,\xff\xfe"], b"\xff")
    @example([b"a"], [b"999999999999"], [b"v1,\xff\xfe"], b"")
    def test_no_bytes_do_anything_but_refuse(
        self, webhook_id: list[bytes], timestamp: list[bytes], signature: list[bytes], body: bytes
    ) -> None:
        hostile = SignatureHeaders(tuple(webhook_id), tuple(timestamp), tuple(signature))

        with pytest.raises(DomainError) as caught:
            verify(secrets=[SECRET], headers=hostile, body=body, now=NOW)

        assert isinstance(caught.value, SignatureRefusedError)
