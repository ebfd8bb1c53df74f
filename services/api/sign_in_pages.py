"""What a person reads when signing in with their company did not work: words, and what to do."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from typing_extensions import override

from services.api import act_pages
from services.api.errors import status_of
from services.core.kit.errors import DomainError, ErrorKind, InvalidInputError

# What happened, and what to do, in Chinese and English; by code, else by kind.
_SAID: Final = {
    "bad_flow": (
        (
            "这次登录没有完成：它不是从这个浏览器开始的，或者已经过期。",
            "This sign-in did not finish: it was not begun in this browser, or took too long.",
        ),
        ("请回到登录页，再登录一次。", "Please go back to where you signed in and begin again."),
    ),
    "identity_refused": (
        (
            "您的公司账号没有被确认，所以没有登录。",
            "Your company did not confirm who you are, so you are not signed in.",
        ),
        (
            "请再登录一次；还是不行的话，请把这一页告诉管理员。",
            "Please try once more; if it happens again, show this page to your admin.",
        ),
    ),
    "not_invited": (
        (
            "您的账号没有问题，但您还不是这里的成员。",
            "Your account is fine, but you are not a member here yet.",
        ),
        (
            "请管理员用您的邮箱把您加为成员，然后再登录一次。",
            "Ask an admin to add you with your e-mail address, then sign in again.",
        ),
    ),
    "wrong_password": (
        ("您现在不能登录这里。", "You cannot sign in here at the moment."),
        ("请联系管理员。", "Please talk to your admin."),
    ),
    "provider_unavailable": (
        ("公司账号的登录服务暂时没有回应。", "Your company's sign-in does not answer right now."),
        ("请过一会儿再试一次。", "Please try again in a moment."),
    ),
    "no_provider": (
        (
            "这里没有开通公司账号登录。",
            "Signing in with a company account is not set up here.",
        ),
        (
            "请检查链接，或者用密码登录。",
            "Please check the link, or sign in with your password.",
        ),
    ),
}
_AWAY: Final = (
    ("Warmline 现在暂时连不上。", "Warmline cannot be reached right now."),
    ("请过一会儿再试一次。", "Please try again in a moment."),
)
_OFTEN: Final = (
    ("登录的次数太多了。", "There were too many tries."),
    ("请过几分钟再试一次。", "Please try again in some minutes."),
)
_ELSE: Final = (
    ("这个登录链接不对。", "This link to sign in is not right."),
    ("请回到登录页，再登录一次。", "Please go back to where you signed in and begin again."),
)
_BY_KIND: Final = {ErrorKind.UNAVAILABLE: _AWAY, ErrorKind.THROTTLED: _OFTEN}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_MISREAD: Final = InvalidInputError("The link is not valid.")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PeopleRoute(APIRoute):
    """A route browsers are sent to: a refusal is a page for who reads pages, else a problem."""

    @override
    def get_route_handler(self) -> Handler:
        answer = super().get_route_handler()

        async def answer_people(request: Request) -> Response:
            try:
                return await answer(request)
            except (DomainError, RequestValidationError) as error:
                if not _reads_pages(request):
                    raise
                if isinstance(error, RequestValidationError):
                    return _page(_MISREAD, request.headers.get("accept-language"))
                # For the meters: refusals are counted by their code.
                request.scope["warmline.problem_code"] = error.code
                return _page(error, request.headers.get("accept-language"))

        return answer_people


def _reads_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "").lower()


def _page(error: DomainError, accepted: str | None) -> Response:
    language = act_pages.choose_language(accepted)
    say = act_pages.LANGUAGES.index(language)
    happened, advice = _SAID.get(error.code) or _BY_KIND.get(error.kind, _ELSE)
    body = act_pages.fill(
        language, title=happened[say], sentence=happened[say], facts=advice[say], note=""
    )
    headers = {
        "content-security-policy": _POLICY,
        "cache-control": "no-store",
        "x-robots-tag": "noindex, nofollow",
    }
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after)))
    return Response(body, status_of(error), headers, "text/html; charset=utf-8")
