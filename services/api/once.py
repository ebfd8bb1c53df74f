"""Has a POST with an `Idempotency-Key` done once: claimed before its effect, answered with it."""

from typing import Final

from fastapi import Request, Response

from services.core.idempotency import rules
from services.core.idempotency import service as idempotency
from services.core.idempotency.types import Answer, Call
from services.core.kit.uow import UnitOfWork

HEADER: Final = "idempotency-key"
REPLAYED: Final = "idempotency-replayed"

_NAME: Final = HEADER.encode()
# What of an answer's head belongs to the answer; the rest is about the moment it is sent.
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_CLAIMED: Final = "warmline.claimed"
_Claimed = tuple[UnitOfWork, Call]


class ReplayedAnswer(Exception):  # noqa: N818 - nothing went wrong: it is how a unit is left early
    """The call was done before; this is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def claim(request: Request, uow: UnitOfWork) -> None:
    """Claim the call in the unit that will do it. Raises ReplayedAnswer when it was done.

    Raises BadIdempotencyKeyError, ReusedIdempotencyKeyError, CallInProgressError and
    AnswerNotKeptError. Does nothing for a call without a key, and for what may be repeated anyway.
    """
    sent = [value for name, value in request.headers.raw if name == _NAME]
    if request.method != "POST" or not sent:
        return
    scope = request.scope
    call = Call(
        caller=f"{uow.actor.kind}:{uow.actor.id}",
        key_digest=rules.digest_of_key(sent),
        fingerprint=rules.fingerprint(
            scope["method"], scope["path"], scope["query_string"], scope.get("warmline.body", b"")
        ),
    )
    known = await idempotency.claim(uow, call)
    if known is not None:
        raise ReplayedAnswer(
            Response(known.body, known.status, {**known.headers, REPLAYED: "true"})
        )
    scope[_CLAIMED] = (uow, call)


async def keep(request: Request, response: Response, *, shows_secret: bool) -> None:
    """Keep the answer of a claimed call; its unit is still open, and commits behind this."""
    claimed: _Claimed | None = request.scope.pop(_CLAIMED, None)
    if claimed is None:
        return
    uow, call = claimed
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer = Answer(response.status_code, headers, bytes(response.body))
    await idempotency.keep(uow, call, answer, shows_secret=shows_secret)
