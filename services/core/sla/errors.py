"""Refusals of the promise feature.

DomainError
├── DefaultPolicyError   the default policy cannot be archived
└── PolicyNameTakenError two live policies may not share a name
"""

from services.core.kit.errors import DomainError, ErrorKind


class DefaultPolicyError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.default_policy"

    def __init__(self) -> None:
        super().__init__("The default policy applies where no other does: it cannot be archived.")


class PolicyNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.policy_name_taken"

    def __init__(self) -> None:
        super().__init__("Another policy already has this name.")
