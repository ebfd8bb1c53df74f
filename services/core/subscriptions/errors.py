"""Refusals of subscriptions.

DomainError
├── SubscriptionNameTakenError   two live subscriptions may not share a name
└── TooManySubscriptionsError    a workspace has so many at most
"""

from services.core.kit.errors import DomainError, ErrorKind


class SubscriptionNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "subscriptions.name_taken"

    def __init__(self) -> None:
        super().__init__("Another subscription has this name.")


class TooManySubscriptionsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "subscriptions.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} subscriptions. Remove one first.")
