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
# Queue tables are vacuumed from a thousand dead rows and a hundredth on: this many were left.
_DEAD_MANY, _DEAD_SHARE = 20_000, 0.5
_LONG_TRANSACTION: Final = 60.0  # seconds; ours end after 30
_DAY: Final = 86_400.0  # seconds


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
            "See `warmline quarantine list`; when the cause is gone: `warmline quarantine release`."
        )
        found.append(Finding(Grade.MIND, "Quarantine", what, advice))
    if row["dead"]:
        what = f"{row['dead']} could not be delivered"
        advice = "See `warmline dead-letters list`; mend the channel, then `… redrive`."
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


def of_bloat(tables: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Each has `name`, `live` and `dead` rows, and `vacuumed`: seconds ago, None for never."""
    found = []
    for table in tables:
        dead, live = table["dead"], table["live"]
        if dead <= max(_DEAD_MANY, _DEAD_SHARE * live):
            continue
        what = f"{table['name']} has {dead} dead rows beside {live}, {_vacuumed(table['vacuumed'])}"
        advice = (
            "End the transaction that keeps them (see below), then VACUUM the table by hand; look "
            "whether autovacuum is on and has workers to spare."
        )
        found.append(Finding(Grade.MIND, "Bloat", what, advice))
    if found or not tables:
        return found
    most = max(tables, key=lambda table: table["dead"])
    what = f"{most['dead']} dead rows at most, in {most['name']}, {_vacuumed(most['vacuumed'])}"
    return [Finding(Grade.FINE, "Bloat", what)]


def _vacuumed(seconds: float | None) -> str:
    if seconds is None:
        return "never vacuumed"
    return f"vacuumed {_ago(seconds)} ago"


def _ago(seconds: float) -> str:
    if seconds >= _DAY:
        return f"{seconds / _DAY:.0f} days"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004


def of_long_transaction(oldest: Mapping[str, Any] | None) -> Finding:
    """`oldest` has `pid`, `application` and `seconds`; None when nobody is in a transaction."""
    if oldest is None or oldest["seconds"] < _LONG_TRANSACTION:
        return Finding(Grade.FINE, "Transactions", "none is open for long")
    who = oldest["application"] or "somebody"
    what = f"{who} (process {oldest['pid']}) keeps one open since {_ago(oldest['seconds'])}"
    advice = (
        "No dead row can be cleared while it lasts, and claims get slower. If nobody needs it: "
        f"SELECT pg_terminate_backend({oldest['pid']})."
    )
    return Finding(Grade.MIND, "Transactions", what, advice)


def of_indexes(invalid: Sequence[str]) -> Finding:
    if not invalid:
        return Finding(Grade.FINE, "Indexes", "all valid")
    what = f"left half built: {', '.join(sorted(invalid))}"
    advice = "They are written and never read. REINDEX INDEX CONCURRENTLY each of them."
    return Finding(Grade.BROKEN, "Indexes", what, advice)


def of_partitions(months_ahead: int, strays: int) -> Finding:
    """`months_ahead` beyond this month, -1 when even this one has no partition of its own."""
    if strays:
        what = f"{strays} deliveries lie in the default partition"
        advice = "They move when their month is made. Is a worker at work? Are the clocks right?"
        return Finding(Grade.MIND, "Partitions", what, advice)
    if months_ahead < 1:
        what = "there is no month of deliveries ahead"
        advice = "A worker makes them each hour: start one, or read why its stage partitions fails."
        return Finding(Grade.MIND, "Partitions", what, advice)
    return Finding(Grade.FINE, "Partitions", f"{months_ahead} months ahead")


def of_stages(stalls: Mapping[str, float], looked: float | None) -> list[Finding]:
    """`stalls` in seconds by stage; `looked`: how long ago an auditor last did, None for never."""
    if looked is None or looked > _BACKLOG_OLD:
        what = "nobody has looked yet" if looked is None else f"nobody looked for {_ago(looked)}"
        advice = "Each worker has an auditor: start one, or look by hand: `warmline watch --once`."
        return [Finding(Grade.MIND, "Auditor", what, advice)]
    found = [Finding(Grade.FINE, "Auditor", f"looked {looked:.0f} s ago")]
    for stage, seconds in sorted(stalls.items()):
        what = f"{stage} stands still since {_ago(seconds)}"
        advice = "/readyz says in which process: restart that worker. Nothing it held is lost."
        found.append(Finding(Grade.BROKEN, "Stage", what, advice))
    return found
