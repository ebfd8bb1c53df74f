"""The published schema as text: what `pages/openapi.json` is held to, and is served from."""

import json
from functools import cache
from typing import Final

from services.api.main import create_app
from services.core.settings import DatabaseSettings, Settings

# Nothing is connected: the schema depends on code alone, so any address will do.
_NOWHERE: Final = "postgresql://nobody@localhost/nowhere"


@cache
def render() -> str:
    """Indented JSON, keys in FastAPI's order, one final newline; written once a process."""
    nowhere = DatabaseSettings.model_validate({"url": _NOWHERE})
    app = create_app(Settings().model_copy(update={"database": nowhere}))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
