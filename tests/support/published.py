"""The published schema, from the file it is served from; `tests/house` holds it to the code.

Writing it anew takes seconds, and tests ask for it while they are collected, in every process.
"""

import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[2] / "services/api/pages/openapi.json"
SCHEMA: Final[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
