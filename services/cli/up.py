"""`warmline up`: the whole product on one machine, from nothing to a live board, and back."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from services.cli.children import Child
from services.cli.processes import Runtime, claim_folder, database_address, publish
from services.cli.servers import Servers
from services.cli.terminal import CommandError, say
from services.core.kit.clock import monotonic
from services.core.settings import Settings

_BACKLOG = 2048
_API_PATIENCE = 2.5  # seconds after SIGTERM; open streams are cut after 1
_WORKER_PATIENCE = 2.5
_ANSWER_PATIENCE = 60.0  # seconds for a first answer: on a cold disk imports take long
_PROBE_SECONDS = 0.05


class Ending:
    """Turns SIGINT, SIGTERM and a closed terminal into one orderly end; later ones are ignored."""

    def __init__(self) -> None:
        self.asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)
        # Under nohup a closed terminal is to be outlived.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._handle)

    def bind(self, stop: asyncio.Event) -> None:
        """From now on the event is set instead of raising KeyboardInterrupt.

        One that came before and got lost is honoured now: raised while a destructor or a weak
        reference's callback ran, Python only prints it.
        """
        self._loop, self._stop = asyncio.get_running_loop(), stop
        if self.asked:
            stop.set()

    def ignore(self) -> None:
        """The end has begun; whatever comes now is impatience."""
        self.asked = True

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            return
        self.asked = True
        if self._loop is None or self._stop is None:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self._stop.set)


def run_everything(*, demo: bool, port: int | None, data_dir: Path | None) -> None:
    """Block until somebody asks for the end; then nothing of ours is left running.

    Raises:
        CommandError: the folder or the port is taken, or something does not start.
    """
    began = monotonic()
    ending = Ending()
    ending.listen()
    settings = Settings() if data_dir is None else Settings(data_dir=data_dir)
    with contextlib.suppress(KeyboardInterrupt), claim_folder(settings.data_dir) as folder:
        chosen = settings.api.port if port is None else port
        servers = Servers(folder, say)
        with open_door(settings.api.host, chosen) as door:
            say(f"Warmline starts; its data is in {folder}.")
            try:
                settings = servers.start(settings)
                up = Up(settings, folder, door, servers, began, demo=demo)
                asyncio.run(up.run(ending))
            finally:
                ending.ignore()
                servers.stop()
    say("Stopped. Everything that was accepted is kept.")


@contextlib.contextmanager
def open_door(host: str, port: int) -> Iterator[socket.socket]:
    """The listening socket, held by us: the API may be started again without refusing anybody.

    Raises:
        CommandError: the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} is taken. Stop what listens there, or choose another with --port."
        else:
            why = f"Cannot listen on {host} port {port}: {error.strerror}. Choose with --port."
        raise CommandError(why) from error
    with door:
        yield door


@dataclass(slots=True)
class Up:
    """One run of `warmline up`, after its servers started."""

    settings: Settings
    folder: Path
    door: socket.socket
    servers: Servers
    began: float
    demo: bool

    @property
    def url(self) -> str:
        host, port = self.door.getsockname()[:2]
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host)  # noqa: S104 - compared only
        return f"http://{reachable or (f'[{host}]' if ':' in host else host)}:{port}"

    async def run(self, ending: Ending) -> None:
        stop = asyncio.Event()
        ending.bind(stop)
        environment = self._environment()
        api = Child(
            "api",
            ("api", "--listener", str(self.door.fileno())),
            environment,
            self.folder / "api.log",
            say,
            inherited=(self.door.fileno(),),
        )
        worker = Child("worker", ("worker",), environment, self.folder / "worker.log", say)
        try:
            for child in (api, worker):
                await child.start()
            await _unless_stopped(self._begin(api, worker, stop), stop)
        finally:
            await api.stop(_API_PATIENCE)
            await worker.stop(_WORKER_PATIENCE)

    async def _begin(self, api: Child, worker: Child, stop: asyncio.Event) -> None:
        from services.cli.preparation import prepare

        prepared = await prepare(self.settings, self.folder, self._environment(), demo=self.demo)
        address = self.settings.redis.url
        publish(
            self.folder,
            Runtime(
                pid=os.getpid(),
                api_url=self.url,
                database_url=database_address(self.settings),
                redis_url=address.get_secret_value() if address else None,
            ),
        )
        api.open_gate()
        worker.open_gate()
        try:
            async with asyncio.timeout(_ANSWER_PATIENCE):
                await _until_it_answers(self.door)
        except TimeoutError as error:
            raise CommandError(f"The API does not answer; its log is {api.log}.") from error
        self._welcome(prepared.admin_key)
        mending = asyncio.create_task(self.servers.keep_alive())
        try:
            if prepared.demo is None:
                await stop.wait()
            else:
                from services.cli.demo import run_demo

                await run_demo(self.url, prepared.demo, stop, began=self.began)
        finally:
            mending.cancel()

    def _welcome(self, admin_key: str | None) -> None:
        say(f"servers ready in {monotonic() - self.began:.1f} s")
        say(f"API: {self.url}/v1    documentation to try out: {self.url}/docs")
        if admin_key is not None:
            say(f"Admin key of the workspace “default”, shown this once: {admin_key}")
        if not self.demo:
            say("More keys: warmline keys create --scope admin    Ctrl-C ends everything.")

    def _environment(self) -> Mapping[str, str]:
        """What the children see: the person's environment, completed by what we know."""
        inherited = dict(os.environ)  # noqa: TID251 - passed on, not read
        redis = self.settings.redis.url
        ours = {
            "WARMLINE__DATA_DIR": str(self.folder),
            "WARMLINE__DATABASE__URL": database_address(self.settings),
            "WARMLINE__API__SHUTDOWN_SECONDS": "1",
        }
        if redis is not None:
            ours["WARMLINE__REDIS__URL"] = redis.get_secret_value()
        # One machine is one person's: their own webhook receivers listen on it, too.
        yielding = {"WARMLINE__ALERTS__ALLOW_PRIVATE_ADDRESSES": "true"}
        return {**yielding, **inherited, **ours}


async def _unless_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do the work until it ends or somebody asks for the end; its error is raised."""
    working = asyncio.create_task(work)
    asking = asyncio.create_task(stop.wait())
    await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    if not working.done():
        working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _until_it_answers(door: socket.socket) -> None:
    """Return after the first answer to a request for /healthz, whatever it says."""
    host, port = door.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared only
        host = "localhost"
    while True:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_PATIENCE):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(
                    b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                )
                answered = await reader.readline()
                writer.close()
            if answered.startswith(b"HTTP/"):
                return
        await asyncio.sleep(_PROBE_SECONDS)
