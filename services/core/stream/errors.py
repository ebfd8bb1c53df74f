"""Refusals of the stream.

DomainError
└── FactsGoneError   what was asked for is forgotten, or was never this stream's
"""

from services.core.kit.errors import DomainError, ErrorKind, FieldProblem


class FactsGoneError(DomainError):
    """`resume` is the number behind which facts can be had again."""

    kind = ErrorKind.GONE
    code = "facts.gap"

    def __init__(self, resume: int) -> None:
        detail = f"Go on from after={resume}, and read the lists again: facts between are gone."
        super().__init__(detail, errors=[FieldProblem("query/after", "gap", detail)])
        self.resume = resume
