"""Refusals of the promise feature.

DomainError
├── DefaultPolicyError      the default policy cannot be archived
├── LateAtOnceError         a re-plan would break promises that hold today
├── PolicyNameTakenError    two live policies may not share a name
└── ReplyWindowClosedError  the platform took no reply at that moment any more
"""

from services.core.kit.errors import DomainError, ErrorKind


class DefaultPolicyError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.default_policy"

    def __init__(self) -> None:
        super().__init__("The default policy applies where no other does: it cannot be archived.")


class LateAtOnceError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.late_at_once"

    def __init__(self, late: int) -> None:
        super().__init__(
            f"{late} open promises would be late at once. Look at the preview; to go on, send"
            f' {{"confirm_late": {late}}}.'
        )


class PolicyNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.policy_name_taken"

    def __init__(self) -> None:
        super().__init__("Another policy already has this name.")


class ReplyWindowClosedError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "sla.reply_window_closed"

    def __init__(self) -> None:
        super().__init__(
            "The platform takes no reply here any more. If it did take this one, record it with"
            " the platform's external_id."
        )
