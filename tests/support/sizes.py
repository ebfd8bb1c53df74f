"""How large a fault test is: quick by default, as the plan has it with WARMLINE_TEST_LONG=1."""

import os
from typing import TypeVar

T = TypeVar("T")

LONG = os.environ.get("WARMLINE_TEST_LONG") == "1"


def sized(quick: T, long: T) -> T:
    return long if LONG else quick
