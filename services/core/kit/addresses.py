"""Tells a public address from every other kind, by what is allowed and not by what is known bad.

`ipaddress.is_global` is no such rule: it is true for 64:ff9b::7f00:1, 2002:7f00:1:: and
::127.0.0.1, all of which lead back to this machine or its network.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The registry's one block of global unicast; whatever it does not hold is refused.
_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocols: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address, private ones too
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# IANA's special-purpose registry, and one public-looking address of a cloud's own metadata.
_SPECIAL_V4: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)


def is_public(address: Address) -> bool:
    """True for an address a stranger's server may have; IPv4 dressed as IPv6 never is one."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in _SPECIAL_V4)
    if address not in _PUBLIC_V6:
        return False
    return not any(address in block for block in _SPECIAL_V6)


def are_public(addresses: Sequence[Address]) -> bool:
    """True when there is at least one and every one is public: one bad record spoils a name."""
    return bool(addresses) and all(is_public(address) for address in addresses)


def parse_literal(host: str) -> Address | None:
    """The address a host name *is*, in every spelling a resolver accepts; None for a real name.

    `127.1`, `0`, `2130706433` and `0x7f000001` are all addresses to a C library.
    """
    bare = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare.rstrip(".")))
    except (OSError, ValueError):
        return None
