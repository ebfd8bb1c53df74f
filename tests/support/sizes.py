"""How large a fault test is, and what it measured.

Quick by default; as large as the plan of faults has it with WARMLINE_TEST_LONG=1.
"""

import json
import os
from typing import Any, TypeVar

T = TypeVar("T")

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"


def sized(quick: T, long: T) -> T:
    return long if LONG else quick


def tell(test: str, **figures: Any) -> None:
    """Print a run's figures, the seed among them; pytest shows them with -s and on failure."""
    print(f"FIGURES {json.dumps({'test': test, **figures}, default=str)}")  # noqa: T201 - see above
