"""Opens a connection to a host users chose, for what is not HTTP, under the rules HTTP lives by.

A name is resolved once, every address it has must be public, and the connection goes to one of
exactly those.
"""

import asyncio
import socket

from services.core.kit.addresses import are_public, parse_literal
from services.core.kit.http import (
    CONNECT_SECONDS,
    MAX_ADDRESSES,
    BlockedAddressError,
    Resolver,
    UnreachableError,
    resolve,
)


async def dial(
    host: str, port: int, *, allow_private: bool = False, resolver: Resolver = resolve
) -> socket.socket:
    """A connected socket, the caller's to close.

    Raises BlockedAddressError, or UnreachableError when nobody answers in time.
    """
    literal = parse_literal(host)
    found = [literal] if literal else await resolver(host, port)
    if not allow_private and not are_public(found):
        raise BlockedAddressError("The host name leads to an address that is not public.")
    loop = asyncio.get_running_loop()
    for address in found[:MAX_ADDRESSES]:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - of IP
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(0)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(connection, (str(address), port))
        except OSError:
            # A timeout is one too.
            connection.close()
            continue
        except BaseException:
            connection.close()
            raise
        return connection
    raise UnreachableError("Nobody answered at that address.")
