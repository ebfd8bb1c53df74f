"""What the doctor makes of what it saw: a grade, a sentence, and what to do when it is not fine."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_OLDEST_POSTGRES, _NEWEST_TRIED = 15, 18
_OLDEST_REDIS: Final = 7
_MB: Final = 2**20
_DISK_LOW, _DISK_GONE = 1024 * _MB, 200 * _MB
_SKEW_SEEN, _SKEW_BAD = 1.0, 60.0  # seconds; producers are refused from 300 s on
_BACKLOG_OLD: Final = 60.0  # seconds
_TIMER_LATE: Final = 5.0  # seconds


class Grade(StrEnum):
    """`mind`: it works, but somebody should look. `broken`: promises are not kept."""

    FINE = "fine"
    MIND = "mind"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    grade: Grade
    name: str
    what: str
    advice: str = ""


def of_python(version: tuple[int, int, int]) -> Finding:
    text = ".".join(map(str, version))
    if version < (3, 11):
        return Finding(Grade.BROKEN, "Python", text, "Install Python 3.11 or newer: `make setup`.")
    return Finding(Grade.FINE, "Python", text)


def of_disk(folder: Path) -> Finding:
    place = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    free = shutil.disk_usage(place).free
    what = f"{free / 2**30:.1f} GB free for {folder}"
    if free >= _DISK_LOW:
        return Finding(Grade.FINE, "Disk", what)
    grade = Grade.BROKEN if free < _DISK_GONE else Grade.MIND
    return Finding(grade, "Disk", what, "Make room: a full disk answers producers with 503.")


def of_redis(server: Mapping[str, Any] | None) -> Finding:
    """`server` is what INFO says, None when no Redis is configured."""
    if server is None:
        advice = "Set WARMLINE__REDIS__URL; without it work begins up to a second later."
        return Finding(Grade.MIND, "Redis", "none is named", advice)
    if "valkey_version" in server:
        return Finding(Grade.FINE, "Redis", f"Valkey {server['valkey_version']}")
    version = str(server.get("redis_version", "0"))
    if int(version.split(".", maxsplit=1)[0]) < _OLDEST_REDIS:
        advice = f"Use Redis {_OLDEST_REDIS} or newer, or Valkey."
        return Finding(Grade.MIND, "Redis", f"version {version} is older than was tried", advice)
    return Finding(Grade.FINE, "Redis", f"Redis {version}")


def of_silent_redis(error: Exception) -> Finding:
    advice = (
        "Start it or correct WARMLINE__REDIS__URL. Until then work begins up to a second later."
    )
    return Finding(Grade.MIND, "Redis", f"does not answer ({type(error).__name__})", advice)


def of_silent_postgres(error: Exception) -> Finding:
    """The error's type and not its text, which may hold the address with its password."""
    advice = "Start it or correct WARMLINE__DATABASE__URL; nothing works without it."
    return Finding(Grade.BROKEN, "Postgres", f"does not answer ({type(error).__name__})", advice)


def of_postgres(major: int, version: str) -> Finding:
    if major < _OLDEST_POSTGRES:
        advice = f"Use PostgreSQL {_OLDEST_POSTGRES} to {_NEWEST_TRIED}."
        return Finding(Grade.BROKEN, "Postgres", f"{version} is too old", advice)
    if major > _NEWEST_TRIED:
        advice = (
            f"{_OLDEST_POSTGRES} to {_NEWEST_TRIED} were tried; run the tests against it first."
        )
        return Finding(Grade.MIND, "Postgres", f"{version} is newer than was tried", advice)
    return Finding(Grade.FINE, "Postgres", version)


def of_text(encoding: str, *, knows_letters: bool, offers_trigrams: bool) -> list[Finding]:
    again = "Make the database anew: initdb --encoding=UTF8 --locale-provider=builtin "
    again += "--builtin-locale=C.UTF-8 --lc-collate=C --lc-ctype=C.UTF-8."
    if encoding != "UTF8":
        found = Finding(Grade.BROKEN, "Encoding", f"{encoding} cannot hold every text", again)
    elif not knows_letters:
        what = "Chinese characters do not count as letters, so searching them finds nothing"
        found = Finding(Grade.BROKEN, "Locale", what, again)
    else:
        found = Finding(Grade.FINE, "Text", "UTF-8; Chinese characters count as letters")
    if offers_trigrams:
        return [found, Finding(Grade.FINE, "pg_trgm", "available")]
    advice = "Install PostgreSQL's contrib package; the search of a later version needs it."
    return [found, Finding(Grade.MIND, "pg_trgm", "not available", advice)]


def of_schema(found: str | None, expected: str) -> Finding:
    if found == expected:
        return Finding(Grade.FINE, "Schema", f"at {found}")
    what = f"at {found or 'nothing'}, this version needs {expected}"
    return Finding(Grade.BROKEN, "Schema", what, "Run `warmline migrate`.")


def of_roles(missing: set[str], unbound: set[str]) -> Finding:
    if missing:
        what = f"the login may not act as {', '.join(sorted(missing))}"
        advice = "Run `warmline migrate` as the owner, or GRANT the roles to the login."
        return Finding(Grade.BROKEN, "Roles", what, advice)
    if unbound:
        names = ", ".join(sorted(unbound))
        advice = "ALTER ROLE … NOSUPERUSER NOBYPASSRLS: else workspaces are not kept apart."
        return Finding(Grade.BROKEN, "Roles", f"row-level security does not bind {names}", advice)
    return Finding(Grade.FINE, "Roles", "bound by row-level security")


def of_walls(open_tables: Sequence[str]) -> Finding:
    if not open_tables:
        return Finding(Grade.FINE, "Workspaces", "row-level security is forced on every table")
    what = f"row-level security is off on {', '.join(sorted(open_tables))}"
    advice = "ALTER TABLE … ENABLE and FORCE ROW LEVEL SECURITY, and find out who switched it off."
    return Finding(Grade.BROKEN, "Workspaces", what, advice)


def of_clock(skew: float) -> Finding:
    """`skew` in seconds: how far the database is ahead of this host."""
    what = f"this host and the database differ by {abs(skew):.1f} s"
    if abs(skew) < _SKEW_SEEN:
        return Finding(Grade.FINE, "Clock", what)
    grade = Grade.BROKEN if abs(skew) >= _SKEW_BAD else Grade.MIND
    advice = "Let both follow a time server (chrony); signatures more than 300 s away are refused."
    return Finding(grade, "Clock", what, advice)


def of_workers(alive: int) -> Finding:
    if alive:
        return Finding(Grade.FINE, "Worker", f"{alive} at work")
    advice = "Start one with `warmline worker`; until then what comes in is kept and waits."
    return Finding(Grade.BROKEN, "Worker", "none was seen in the last seconds", advice)


def of_backlog(row: Mapping[str, Any]) -> list[Finding]:
    """`oldest` and `lag` in seconds, None when nothing waits."""
    found = [_waiting(row["waiting"], row["oldest"] or 0.0), _timers(row["lag"] or 0.0)]
    if row["quarantined"]:
        what = f"{row['quarantined']} could not be processed"
        advice = (
            "See GET /v1/deliveries; when the cause is gone: `warmline replay --state quarantined`."
        )
        found.append(Finding(Grade.MIND, "Quarantine", what, advice))
    if row["dead"]:
        what = f"{row['dead']} could not be delivered"
        advice = "See GET /v1/dead-letters, mend the channel, then redrive them."
        found.append(Finding(Grade.MIND, "Dead letters", what, advice))
    return found


def _waiting(count: int, oldest: float) -> Finding:
    if oldest < _BACKLOG_OLD:
        return Finding(Grade.FINE, "Journal", f"{count} waiting")
    what = f"{count} waiting, the oldest for {oldest:.0f} s"
    return Finding(Grade.MIND, "Journal", what, "Add workers, or read the worker's log.")


def _timers(lag: float) -> Finding:
    if lag < _TIMER_LATE:
        return Finding(Grade.FINE, "Timers", "none is late")
    what = f"the oldest is {lag:.0f} s late"
    return Finding(Grade.MIND, "Timers", what, "Add workers, or read the worker's log.")
