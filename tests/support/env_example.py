"""Writes .env.example from the settings: .venv/bin/python -m tests.support.env_example"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from services.core.settings import Settings

FILE = Path(__file__).resolve().parents[2] / ".env.example"
HEAD = """\
# Copy to .env. docker compose reads it by itself; elsewhere: set -a; . ./.env; set +a
# What is commented out shows its default; where nothing follows the =, there is none.

# For docker compose alone: the database's password, of letters and digits, and where the api is
# published.
POSTGRES_PASSWORD=
#WARMLINE_PUBLISH=127.0.0.1:8080

# Where `warmline up` keeps the data of its embedded servers.
"""


def settings(model: type[BaseModel] = Settings, prefix: str = "WARMLINE__") -> dict[str, Any]:
    """Every variable with its default, or with a group's class before its variables."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found[name] = kind
            found |= settings(kind, f"{prefix}{name.upper()}__")
        else:
            found[f"{prefix}{name.upper()}"] = field.default
    return found


def text() -> str:
    return HEAD + "".join(map(line, settings(), settings().values()))


def line(name: str, value: Any) -> str:
    if isinstance(value, type):
        return f"\n# {name.capitalize()}. {' '.join((value.__doc__ or '').split())}".rstrip() + "\n"
    if value is None:
        return f"#{name}=\n"
    written = json.dumps(value) if isinstance(value, bool | tuple) else str(value)
    return f"#{name}={written}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
