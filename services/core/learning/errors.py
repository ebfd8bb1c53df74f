"""Refusals of learning.

DomainError
├── NotJudgedError      a message nobody judges: the brand's own, or one without content
├── NoSuchModelError    promote what is no shadow, or roll back from nothing
└── WorseModelError     a model that does worse on the frozen set does not come into force
"""

from services.core.kit.errors import DomainError, ErrorKind


class NotJudgedError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "triage.not_judged"

    def __init__(self) -> None:
        super().__init__("Only what a follower wrote is judged, and only once its text is known.")


class NoSuchModelError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "triage.model_state"


class WorseModelError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "triage.model_worse"

    def __init__(self) -> None:
        super().__init__("This model does worse on the frozen set than the one in force.")
