"""Refusals of the test clock.

DomainError
├── BackwardsError     what happened in a sandbox has happened
├── NoSandboxError     the time of a real workspace is everybody's
├── SandboxesOffError  this installation has no sandboxes
└── TooFarError        one move is a year at most, and no moment lies past 2099
"""

from services.core.kit.errors import DomainError, ErrorKind


class BackwardsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sandbox.backwards"

    def __init__(self) -> None:
        super().__init__("A sandbox's clock only goes forward.")


class NoSandboxError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sandbox.real_workspace"

    def __init__(self) -> None:
        super().__init__("This workspace was not made as a sandbox: its time is everybody's.")


class SandboxesOffError(DomainError):
    kind = ErrorKind.MISSING
    code = "sandbox.off"

    def __init__(self) -> None:
        super().__init__("This installation has no sandboxes.")


class TooFarError(DomainError):
    kind = ErrorKind.INVALID
    code = "sandbox.too_far"

    def __init__(self) -> None:
        super().__init__("One move is 366 days at most, and ends before the year 2100.")
