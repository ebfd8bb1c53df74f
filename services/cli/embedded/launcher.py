"""Becomes a server process that dies with its starter and never runs as root.

Run by path, standard library only:

    python -I -S launcher.py STARTER_PID SIGNAL IDENTITY PROGRAM ARGS...

A program of its own instead of a `preexec_fn`, which is unsafe as soon as the starter has threads.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def unprivileged_user() -> pwd.struct_passwd:
    """The account Postgres runs as when we are root; a real one, because initdb looks itself up."""
    for name in ("nobody", "daemon", "bin"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    sys.exit("no unprivileged account (nobody, daemon, bin) exists on this machine")


def enter_user_namespace() -> None:
    """Be `nobody` in a user namespace mapped onto root: files stay root's, the euid is not zero."""
    user = unprivileged_user()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        error = ctypes.get_errno()
        sys.exit(f"cannot enter a user namespace: {os.strerror(error)}")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1", encoding="ascii")


def become_nobody() -> None:
    user = unprivileged_user()
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def die_with(starter: int, signal_number: int) -> None:
    """Ask the kernel for a signal when the starting thread ends.

    A change of identity would cancel it, so this comes last. Linux only: elsewhere a server whose
    starter was killed outright goes on until somebody stops it.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != starter:  # it was gone before we asked
        sys.exit("the starting process ended first")


def main() -> None:
    starter, signal_number, identity, program, *arguments = sys.argv[1:]
    os.umask(0o077)  # messages and secrets are in these files
    if identity == "namespace":
        enter_user_namespace()
    elif identity == "nobody":
        become_nobody()
    die_with(int(starter), int(signal_number))
    os.execv(program, [program, *arguments])  # noqa: S606 - replacing ourselves is the point; no shell


if __name__ == "__main__":
    main()
