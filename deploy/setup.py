# ruff: noqa: INP001 - a script beside the deployment files, run by path, never imported
"""Installs Warmline into .venv on a machine that has nothing but Python.

    python3 deploy/setup.py run    what the product needs
    python3 deploy/setup.py dev    the tests and checkers as well (the default)

Standard library only, for it runs before anything is installed. Every package is pinned by hash in
the lock files. Running it again is quick: a stamp remembers what was installed, and from where.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
COMMAND = VENV / "bin" / "warmline"
STAMP = VENV / "warmline-setup.json"
INSTALLER_LOCK = ROOT / "deploy" / "installer.lock"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
OLDEST = (3, 11)
STEPS = 4
# Would send packages elsewhere, or make Python look elsewhere for them.
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")


class SetupError(Exception):
    """Setting up cannot go on; the text is a sentence for the person at the terminal."""


def main() -> int:
    if sys.version_info < OLDEST:
        say(f"Warmline needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 1
    parser = argparse.ArgumentParser(description="Installs Warmline into .venv.")
    parser.add_argument("profile", nargs="?", choices=tuple(LOCKS), default="dev")
    profile = parser.parse_args().profile
    try:
        with alone():
            if (VENV / "bin" / "pytest").exists():
                profile = "dev"  # whoever has the checkers keeps them
            if not is_installed(profile):
                install(profile)
    except SetupError as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Run it again to go on from here.")
        return 130
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def alone() -> Iterator[None]:
    """Two terminals may start at once; the second waits and finds everything done."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another setup is at work in this folder; waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def is_installed(profile: str) -> bool:
    """True when the stamp still tells the truth; the dev profile contains the run profile."""
    stamped = read_stamp().get("fingerprint")
    enough = {fingerprint(profile), fingerprint("dev")}
    return stamped in enough and COMMAND.exists() and venv_works()


def read_stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def fingerprint(profile: str) -> str:
    parts = [profile.encode(), os.fsencode(ROOT)]
    parts += [path.read_bytes() for path in (LOCKS[profile], INSTALLER_LOCK, Path(__file__))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def install(profile: str) -> None:
    started = time.monotonic()
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Setting up Warmline in .venv with Python {version}. Only the first time takes a while.")
    with step(1, "a virtual environment"):
        make_venv()
    with step(2, "the installer"):
        install_uv()
    packages = sum("==" in line for line in LOCKS[profile].read_text("utf-8").splitlines())
    with step(3, f"{packages} packages, each checked against its hash"):
        install_packages(LOCKS[profile])
    with step(4, "the warmline command"):
        link_project()
    stamp = {"profile": profile, "fingerprint": fingerprint(profile), "root": str(ROOT)}
    STAMP.write_text(json.dumps(stamp) + "\n", encoding="utf-8")
    say(f"Ready after {time.monotonic() - started:.0f} s. Next: .venv/bin/warmline --help")


@contextmanager
def step(number: int, what: str) -> Iterator[None]:
    sys.stdout.write(f"  {number}/{STEPS}  {what} ... ")
    sys.stdout.flush()
    started = time.monotonic()
    yield
    say(f"{time.monotonic() - started:.1f} s")


def make_venv() -> None:
    """Keeps a working .venv; makes a new one for a broken one, or one that came from elsewhere."""
    moved = read_stamp().get("root") not in (None, str(ROOT))
    if venv_works() and not moved:
        if tool([PYTHON, "-m", "pip", "--version"]).returncode != 0:
            checked([PYTHON, "-m", "ensurepip"], "pip could not be put into .venv")
        return
    if importlib.util.find_spec("ensurepip") is None:
        release = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(
            f"Python {release} here came without what makes virtual environments. On Debian or "
            f"Ubuntu: apt install python{release}-venv. Then run this again."
        )
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    checked([sys.executable, "-m", "venv", VENV], "Python could not make .venv")


def venv_works() -> bool:
    """A moved folder or an upgraded system leaves a .venv whose Python no longer starts."""
    question = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return os.access(PYTHON, os.X_OK) and tool([PYTHON, "-c", question]).returncode == 0


def install_uv() -> None:
    try:
        pip("--no-deps", "-r", INSTALLER_LOCK)
    except SetupError:  # a mirror without it, or no wheel for this machine
        (VENV / "bin" / "uv").unlink(missing_ok=True)


def install_packages(lock: Path) -> None:
    """By uv, in seconds; where uv cannot (some proxies and mirrors), by pip, in a minute."""
    uv = VENV / "bin" / "uv"
    sync = [uv, "pip", "sync", "--python", PYTHON, "--require-hashes"]
    sync += ["--compile-bytecode", INSTALLER_LOCK, lock]
    reason = "it could not be installed"
    for certificates in ("1", "0") if uv.exists() else ():  # the system's, then uv's own
        extra = {"UV_SYSTEM_CERTS": certificates, **uv_settings()}
        answer = tool(sync, extra, show=sys.stderr.isatty())
        if answer.returncode == 0:
            return
        reason = last_line(answer.stderr)
    say(f"\n      uv could not ({reason}); trying pip, which is slower ...")
    pip("-r", lock)


def uv_settings() -> dict[str, str]:
    """What uv does not find out itself: pip's mirror, and a home that cannot be written to."""
    settings = {}
    home = Path("~").expanduser()
    if not os.access(home, os.W_OK):
        settings["UV_NO_CACHE"] = "1"
    configured = tool([PYTHON, "-m", "pip", "config", "list"]).stdout or ""
    mirrors = re.findall(r"^[^=]*\.index-url='(.+)'$", configured, re.MULTILINE)
    if mirrors:
        settings["UV_DEFAULT_INDEX"] = mirrors[-1]
    return settings


def pip(*what: str | Path) -> None:
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary=:all:", *what]
    if tool(command).returncode == 0:
        return
    # An older pip trusts only its own certificates, not those a company added to the system.
    store = system_certificates()
    checked(command, "pip could not install. Is there a way to a package index?", store)


def system_certificates() -> dict[str, str]:
    import ssl  # noqa: PLC0415 - slow, and seldom needed

    paths = ssl.get_default_verify_paths()
    usual = (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/cert.pem")
    found = [path for path in usual if path and Path(path).exists()]
    return {"PIP_CERT": found[0]} if found else {}


def link_project() -> None:
    """Makes the source folder importable and writes bin/warmline.

    An editable install would need a build backend, fetched without a hash. Two small files need
    nothing: a path relative to site-packages, and a script that finds its Python whatever blanks or
    quotes the folder's name holds.
    """
    answer = tool([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    site = Path(answer.stdout.strip())
    (site / "warmline.pth").write_text(os.path.relpath(ROOT, site) + "\n", encoding="utf-8")
    COMMAND.write_text(
        "#!/bin/sh\n"
        "# Written by deploy/setup.py.\n"
        f"exec {shlex.quote(str(PYTHON))} -P -c "
        '\'from services.cli.main import app; app(prog_name="warmline")\' "$@"\n',
        encoding="utf-8",
    )
    COMMAND.chmod(0o755)
    tool([PYTHON, "-m", "compileall", "-q", ROOT / "services", ROOT / "migrations"])


def checked(command: list[str | Path], complaint: str, extra: dict[str, str] | None = None) -> None:
    answer = tool(command, extra)
    if answer.returncode != 0:
        raise SetupError(f"{complaint}\n{(answer.stderr or answer.stdout or '').strip()[-2000:]}")


def tool(
    command: list[str | Path], extra: dict[str, str] | None = None, *, show: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a command with nothing misleading in its environment; never raises on failure."""
    inherited = os.environ  # noqa: TID251 - the installers need the person's proxies and mirrors
    kept = {name: value for name, value in inherited.items() if name not in MISLEADING}
    return subprocess.run(  # noqa: S603 - our own commands, no shell
        command,
        env={**kept, **(extra or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1].strip() if lines else "see above"


if __name__ == "__main__":
    sys.exit(main())
