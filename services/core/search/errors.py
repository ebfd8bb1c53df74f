"""Refusals of search.

DomainError
└── NothingToLookForError    one letter, or only punctuation
"""

from services.core.kit.errors import DomainError, ErrorKind


class NothingToLookForError(DomainError):
    kind = ErrorKind.INVALID
    code = "search.nothing_to_look_for"

    def __init__(self) -> None:
        super().__init__("Look for two letters or more, in one word; punctuation is not looked at.")
