# ruff: noqa: INP001 - a script beside the deployment files, run by path, never imported
"""Runs the tests the way CI does: on the newest PostgreSQL with coverage, and on the oldest.

The journeys on the oldest come first, so that the last line is the summary of the whole suite.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services.cli.embedded.postgres import start_postgres

ROOT = Path(__file__).resolve().parent.parent
OLDEST_POSTGRES = Path("/usr/lib/postgresql/15/bin")  # where Debian keeps it
TOTAL_PERCENT = 90  # lines and branches of everything
PYTEST = (sys.executable, "-m", "pytest")
# No more than there are cores: with twice as many, what kills servers and waits for them ran out of
# patience in seven tests of three hundred.
WORKERS = os.cpu_count() or 1


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="warmline-check-") as name:
        folder = Path(name)
        return journeys_on_the_oldest_postgres(folder) or whole_suite(folder / "coverage.json")


def journeys_on_the_oldest_postgres(folder: Path) -> int:
    if not (OLDEST_POSTGRES / "postgres").exists():
        say(f"Skipping PostgreSQL 15: there is no server in {OLDEST_POSTGRES}.")
        return 0
    say("The journeys on PostgreSQL 15:")
    with start_postgres(folder, fsync=False, bin_dir=OLDEST_POSTGRES) as server:
        journeys = ("-q", "-n", str(WORKERS), "-m", "e2e")
        return pytest(*journeys, WARMLINE_TEST_DATABASE_URL=server.url)


def whole_suite(report: Path) -> int:
    say("The whole suite:")
    coverage = ("--cov=services", "--cov-branch", "--cov-report=", f"--cov-report=json:{report}")
    code = pytest("-q", "-n", str(WORKERS), *coverage, f"--cov-fail-under={TOTAL_PERCENT}")
    return code or rules_not_covered(report)


def rules_not_covered(report: Path) -> int:
    """A decision nobody tested is a guess. Silent when all is well: pytest has the last word."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    rules = [name for name in sorted(files) if Path(name).match("services/core/*/rules.py")]
    missing = {name: files[name]["missing_lines"] for name in rules}
    for name, lines in missing.items():
        if lines:
            say(f"{name}: rules are tested to the last line, but these are not: {lines}")
    return int(any(missing.values()))


def pytest(*arguments: str, **extra: str) -> int:
    inherited = os.environ  # noqa: TID251 - a test run sees what the person exported
    return subprocess.run([*PYTEST, *arguments], env={**inherited, **extra}, check=False).returncode  # noqa: S603 - our own command, no shell


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
