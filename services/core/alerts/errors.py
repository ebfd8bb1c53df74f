"""Refusals of the alert feature.

DomainError
├── AlertResolvedError     what is over is not sent again
├── ChannelNameTakenError  two live channels may not share a name
├── DefaultLadderError     the default ladder is renamed and removed by nobody
├── LadderNameTakenError   two live ladders may not share a name
└── UnsignedChannelError   only webhooks have a secret
"""

from services.core.kit.errors import DomainError, ErrorKind


class AlertResolvedError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "alerts.resolved"

    def __init__(self) -> None:
        super().__init__("The alert is resolved: there is nothing left to tell anybody.")


class ChannelNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "alerts.channel_name_taken"

    def __init__(self) -> None:
        super().__init__("Another channel already has this name.")


class DefaultLadderError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "alerts.default_ladder"

    def __init__(self) -> None:
        super().__init__("The default ladder applies where no other does: its name stays.")


class LadderNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "alerts.ladder_name_taken"

    def __init__(self) -> None:
        super().__init__("Another ladder already has this name.")


class UnsignedChannelError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "alerts.unsigned_channel"

    def __init__(self) -> None:
        super().__init__("Only webhooks are signed: this channel has no secret.")
