"""Which addresses are a stranger's, and which lead home."""

import ipaddress

import pytest

from services.core.kit.addresses import are_public, is_public, parse_literal
from services.core.kit.http import BlockedAddressError, check_url

INWARD = [
    "127.0.0.1",
    "127.1",
    "0",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "5f00::1",
]
OUTWARD = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "240e:f7:4f01:c::3"]


@pytest.mark.parametrize("text", INWARD)
def test_an_inward_address_is_recognised_in_every_spelling(text: str) -> None:
    address = parse_literal(text)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("text", OUTWARD)
def test_an_outward_address_is_let_through(text: str) -> None:
    address = parse_literal(text)
    assert address is not None
    assert is_public(address)


@pytest.mark.parametrize("name", ["example.com", "xn--fsqu00a.cn", "a1.b2", "localhost", ""])
def test_a_name_is_no_literal(name: str) -> None:
    assert parse_literal(name) is None


def test_one_inward_record_spoils_a_name() -> None:
    outward, inward = ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("127.0.0.1")
    assert are_public([outward])
    assert not are_public([outward, inward])
    assert not are_public([])


@pytest.mark.parametrize("text", INWARD)
def test_an_inward_address_is_refused_before_it_is_saved(text: str) -> None:
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(BlockedAddressError):
        check_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "http://example.com:22/",
        "http://example.com:5432/",
        "http://example.com:6379/",
        "http://example.com:99999/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://db.localhost/",
        "http://exa mple.com/",
        "http://exa\nmple.com/",
        "http://example.com\\@127.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://１２７.0.0.1/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(BlockedAddressError):
        check_url(url)


def test_a_plain_web_address_is_taken_apart() -> None:
    target = check_url("HTTPS://Hooks.Example.com/a?b=c#frag")
    assert (target.host, target.port) == ("hooks.example.com", 443)
    assert str(target.url) == "https://hooks.example.com/a?b=c"
    assert check_url("http://notlocalhost/").port == 80
    assert check_url("https://例子.cn/").host == "xn--fsqu00a.cn"


def test_on_one_machine_everything_may_be_let_through() -> None:
    target = check_url("http://127.0.0.1:8099/x", allow_private=True)
    assert (target.host, target.port) == ("127.0.0.1", 8099)
    with pytest.raises(BlockedAddressError):
        check_url("file:///etc/passwd", allow_private=True)
