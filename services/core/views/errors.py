"""Refusals of saved views.

DomainError
├── ViewNameTakenError   conflict              another view one can see has this name
├── TooManyViewsError    conflict              a workspace has so many at most
└── BuiltInViewError     conflict              it is everybody's, everywhere, and stays as it is
"""

from services.core.kit.errors import DomainError, ErrorKind


class ViewNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "view.name_taken"

    def __init__(self) -> None:
        super().__init__("Another view has this name.")


class TooManyViewsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "view.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} views. Delete one first.")


class BuiltInViewError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "view.built_in"

    def __init__(self) -> None:
        super().__init__("This view comes with Warmline. Save another one beside it.")
