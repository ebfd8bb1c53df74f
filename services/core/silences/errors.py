"""Refusals of what keeps quiet.

DomainError
├── SilenceOverError        it has ended already
├── TooManySilencesError    so many may be live at once
├── TooManyInhibitionsError a workspace has so many rules
└── BuiltInError            the built-in inhibition is switched off, not taken away
"""

from services.core.kit.errors import DomainError, ErrorKind


class SilenceOverError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "silence.over"

    def __init__(self) -> None:
        super().__init__("The silence is over already.")


class TooManySilencesError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "silence.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} live silences. End one first.")


class TooManyInhibitionsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "inhibition.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} inhibitions. Take one away first.")


class BuiltInError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "inhibition.built_in"

    def __init__(self) -> None:
        super().__init__("This rule comes with the workspace: switch it off instead.")
