"""Refusals of the rule book.

DomainError
├── RuleNameTakenError   two live rules of one name
└── TooManyRulesError    a book holds 200
"""

from services.core.kit.errors import DomainError, ErrorKind


class RuleNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rule.name_taken"

    def __init__(self) -> None:
        super().__init__("Another rule has this name.")


class TooManyRulesError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rule.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} rules. Archive one first.")
