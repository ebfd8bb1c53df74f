"""What goes wrong, as it is raised.

Exception
├── WarmlineError       the API refused; `code` is stable and made for programs
└── BadSignatureError   a webhook that is not ours, too old, or changed on its way
"""

from typing import Any

import httpx


class WarmlineError(Exception):
    """A refusal: its text is for people; the input is never repeated in it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or status))
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.errors: list[dict[str, Any]] = problem.get("errors") or []
        self.request_id = problem.get("request_id")

    @classmethod
    def of(cls, response: httpx.Response) -> "WarmlineError":
        try:
            told = response.json()
        except ValueError:
            told = None
        return cls(response.status_code, told if isinstance(told, dict) else {})


class BadSignatureError(Exception):
    """Answer 400 and do nothing else with it."""
