"""No Docker engine runs in CI, so the deployment files are read as strictly as they can be."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from services.cli.main import app
from tests.support import env_example

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
OURS = ("migrate", "api", "worker")
NAMING_SETTINGS = [
    Path(name) for name in ("deploy/Dockerfile", "docker-compose.yml", ".env.example", "Makefile")
]
NAMING_SETTINGS += [path.relative_to(ROOT) for path in ROOT.glob("*.md")]
NAMING_SETTINGS += [path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md")]


def commands() -> set[str]:
    return set(typer.main.get_command(app).list_commands(None))


def stages() -> dict[str, str]:
    parts = re.split(r"^FROM \S+ AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def exec_forms(text: str, instruction: str) -> list[list[str]]:
    found = re.findall(rf"^(?:HEALTHCHECK .*?)?\s*{instruction} (.*)$", text, re.MULTILINE)
    return [json.loads(form) for form in found]


@pytest.mark.parametrize("path", NAMING_SETTINGS, ids=str)
def test_every_variable_named_is_a_setting(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    named = set(re.findall(r"WARMLINE__[A-Z0-9_]*[A-Z0-9]", text))
    assert named - set(env_example.settings()) == set()


def test_the_example_environment_is_up_to_date() -> None:
    assert env_example.FILE.read_text(encoding="utf-8") == env_example.text(), (
        "run: .venv/bin/python -m tests.support.env_example"
    )


def test_every_command_named_exists() -> None:
    named = [form for text in stages().values() for form in exec_forms(text, "CMD")]
    named += [COMPOSE["services"][name]["command"] for name in OURS]
    ours = {form[1] for form in named if form[0] == "warmline"}
    ours |= set(re.findall(r"/warmline ([a-z-]+)", MAKEFILE))
    assert {"api", "worker", "migrate", "up"} <= ours
    assert ours - commands() == set()


def test_no_door_runs_as_root() -> None:
    assert re.search(r"^USER 10001$", stages()["base"], re.MULTILINE)
    for name in OURS:
        assert re.search(rf"^FROM base AS {name}$", DOCKERFILE, re.MULTILINE)
        assert "USER" not in stages()[name]


@pytest.mark.parametrize("name", OURS)
def test_every_door_starts_without_a_shell_and_says_how_it_is(name: str) -> None:
    stage = stages()[name]
    assert exec_forms(stage, "CMD")[-1] == ["warmline", name]
    assert "HEALTHCHECK" in stage
    assert COMPOSE["services"][name]["build"]["target"] == name


def test_health_gates_the_order() -> None:
    waits = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in COMPOSE["services"].items()
    }
    after_migrations = {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "valkey": "service_healthy",
    }
    assert waits == {
        "postgres": {},
        "valkey": {},
        "migrate": {"postgres": "service_healthy"},
        "api": after_migrations,
        "worker": after_migrations,
    }
    for name in ("postgres", "valkey"):
        assert COMPOSE["services"][name]["healthcheck"]["test"]


def test_what_must_survive_lives_in_named_volumes() -> None:
    mounts: list[Any] = [
        mount for service in COMPOSE["services"].values() for mount in service.get("volumes", [])
    ]
    assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])


def test_postgres_is_laid_out_for_chinese() -> None:
    flags = COMPOSE["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert {"--locale-provider=builtin", "--builtin-locale=C.UTF-8"} <= set(flags)
    assert {"--lc-ctype=C.UTF-8", "--encoding=UTF8"} <= set(flags)


def test_the_image_installs_from_the_lock() -> None:
    assert "COPY requirements.lock" in stages()["build"]
    assert "deploy/setup.py run" in stages()["build"]
    assert "pip install" not in DOCKERFILE


def test_an_operator_switches_traces_on_by_a_line_in_env() -> None:
    """What sends them is in the image, in the very versions that are tested."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]["traces"]
    names = {re.split(r"[<>=]", one)[0] for one in wanted}
    pinned = {
        lock: {
            line.split()[0]
            for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
            if line.split("==")[0] in names
        }
        for lock in ("requirements.lock", "requirements-dev.lock")
    }
    assert len(pinned["requirements.lock"]) == len(names) > 0
    assert pinned["requirements.lock"] == pinned["requirements-dev.lock"]
    for name in OURS:
        assert COMPOSE["services"][name]["env_file"][0]["path"] == ".env"
