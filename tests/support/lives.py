"""A process of the product that lives often: each life a fork of one that has imported everything.

Run as `python -m tests.support.lives api|worker [FD]`. SIGUSR1 begins a life, which is exactly what
`warmline api` or `warmline worker` runs; when it ends, a line says with which code. Starting Python
anew for each of two hundred lives would take ten minutes.
"""

import ctypes
import os
import signal
import sys

from services.cli.serve import run_worker, serve_api
from services.core.settings import Settings

_PR_SET_PDEATHSIG = 1
READY = "ready"
ENDED = "ended with "


def live(kind: str, listener: int | None) -> None:
    """One life, until it is told to end; it dies with its parent in any case."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    if kind == "api":
        serve_api(gated=False, listener=listener)
    else:
        run_worker(gated=False)


def run_life(kind: str, listener: int | None) -> int:
    """What the process's exit code would be."""
    try:
        live(kind, listener)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter itself: a trace and code 1
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def main() -> None:
    kind, *listener = sys.argv[1:]
    preload()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    say(READY)
    while True:
        signal.sigwait({signal.SIGUSR1})
        child = os.fork()
        if child == 0:
            code = run_life(kind, int(listener[0]) if listener else None)
            sys.stdout.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        say(f"{ENDED}{os.waitstatus_to_exitcode(status)}")


def preload() -> None:
    """What a life imports, builds or loads late would cost two hundred times as much."""
    import uvicorn  # noqa: F401, PLC0415
    import uvloop  # noqa: F401, PLC0415

    import services.worker.main  # noqa: PLC0415
    from services.api.main import create_app  # noqa: PLC0415
    from services.core.triage.engine import load_classifier  # noqa: PLC0415

    assert services.worker.main.run
    # Connects to nothing; schemas and weights are made once and shared by all lives.
    create_app(Settings())
    load_classifier()


def say(words: str) -> None:
    os.write(sys.stdout.fileno(), f"{words}\n".encode())


if __name__ == "__main__":
    main()
