"""The small page behind a link: what the alert is, and one button, without any script."""

from functools import cache
from html import escape
from importlib import resources
from typing import Final

from services.core.actions.service import short_id_of
from services.core.actions.types import Action
from services.core.alerts.types import AlertState
from services.core.alerts.wording import describe_span
from services.core.commands.types import Sight

CHINESE: Final = "zh"
ENGLISH: Final = "en"
LANGUAGES: Final = (CHINESE, ENGLISH)

_FORM: Final = '<form method="post"><button>{}</button></form>'
# No field and no body: a name is a button with an address of its own.
_PICK: Final = '<form method="post"><p>{}</p>{}</form>'
_NAME: Final = '<button formaction="?person={}">{}</button>'
_ELSE: Final = '<button class="else">{}</button>'
_WHO: Final = ("您是哪一位？点名字就生效。", "Who are you? Your name is the button.")
_WHOM: Final = ("分给谁？点名字就生效。", "Whose shall it be? The name is the button.")
_SOMEBODY: Final = ("我不在名单里", "I am not on this list")
_DONE: Final = '<p class="done">{}</p>'

# What the button says, and what is said once it was pressed.
_BUTTONS: Final = {
    Action.ACKNOWLEDGE: ("我来处理（30 分钟内不再提醒）", "I have it (quiet for 30 minutes)"),
    Action.RESOLVE: ("已经解决", "It is solved"),
    Action.ASSIGN: ("分配给我", "Assign it to me"),
    Action.SILENCE: (
        "这一组静音 1 小时（包括紧急提醒）",
        "Silence this group for 1 hour, urgent alerts too",
    ),
}
_PRESSED: Final = {
    Action.ACKNOWLEDGE: ("已有人处理，谢谢。", "Somebody has it, thank you."),
    Action.RESOLVE: ("已解决，谢谢。", "It is solved, thank you."),
    Action.ASSIGN: ("已经分配给您，谢谢。", "It is yours now, thank you."),
    Action.SILENCE: (
        "这一组静音 1 小时，到点会再提醒。",
        "Quiet for an hour; it comes back after.",
    ),
}
_OVER: Final = (
    "这条提醒已经结束，不用再做什么。",
    "This alert is over; there is nothing left to do.",
)
_UNKNOWN: Final = ("这个链接打不开。", "There is nothing behind this link.")
_EXPIRED: Final = ("这个链接已经失效。", "This link is no longer valid.")
_ASK: Final = (
    "请在 Warmline 里打开这条提醒，或向管理员要一个新的链接。",
    "Open the alert in Warmline, or ask for a new link.",
)


def choose_language(accepted: str | None) -> str:
    """The better liked of Chinese and English; Chinese where neither is named."""
    best, found = 0.0, CHINESE
    for part in (accepted or "").split(",")[:20]:
        name, _, weight = part.strip().lower().partition(";q=")
        language = name.partition("-")[0]
        liked = _weight(weight)
        if language in LANGUAGES and liked > best:
            best, found = liked, language
    return found


def show(sight: Sight, language: str) -> bytes:
    """The alert, and the button or what became of it."""
    say = LANGUAGES.index(language)
    ago = describe_span(sight.seconds_ago)[say]
    code = short_id_of(sight.alert.id)
    facts = (f"{ago}前 · 编号 {code}", f"{ago} ago · {code}")[say]
    if sight.link.person_id is not None:
        note = (
            f"链接专属于 {sight.person}，请勿转发。",
            f"Made for {sight.person}: do not pass it on.",
        )
    else:
        note = (
            "有这个链接的人都能操作，操作人按所选的名字记录。请勿转发。",
            "Whoever has this link may act, and is recorded as they say. Do not pass it on.",
        )
    act = _DONE.format(escape(_said(sight)[say])) if sight.done else ""
    title, sentence = _buttons(sight)[say], sight.sentence[language]
    act = act or _ask(sight, title, say)
    return fill(language, act=act, title=title, sentence=sentence, facts=facts, note=note[say])


def show_refusal(language: str, *, expired: bool) -> bytes:
    """That there is nothing to do here; no word about why, or about any alert."""
    say = LANGUAGES.index(language)
    said = (_EXPIRED if expired else _UNKNOWN)[say]
    return fill(language, title=said, sentence=said, facts=_ASK[say], note="")


def show_trouble(language: str, detail: str) -> bytes:
    """That it could not be done just now."""
    said = ("现在做不了。", "It could not be done.")[LANGUAGES.index(language)]
    return fill(language, title=said, sentence=said, facts=detail, note="")


def read_style() -> bytes:
    return _read("act.css").encode()


def _ask(sight: Sight, title: str, say: int) -> str:
    """One button, or where it is not known who presses one for each who may be it."""
    if sight.link.person_id is not None or not sight.members:
        return _FORM.format(escape(title))
    names = "".join(_NAME.format(one.id, escape(one.name)) for one in sight.members)
    if sight.link.action is Action.ASSIGN:
        return _PICK.format(escape(_WHOM[say]), names)
    return _PICK.format(
        f"{escape(title)}<br>{escape(_WHO[say])}", names + _ELSE.format(escape(_SOMEBODY[say]))
    )


def _buttons(sight: Sight) -> tuple[str, str]:
    if sight.link.action is Action.ASSIGN and sight.link.person_id is None:
        return ("分配会话", "Assign it")
    return _BUTTONS[sight.link.action]


def _said(sight: Sight) -> tuple[str, str]:
    is_over = sight.alert.state not in {AlertState.FIRING, AlertState.ACKNOWLEDGED}
    if is_over and sight.link.action is not Action.RESOLVE:
        return _OVER
    if sight.link.action is Action.ASSIGN and sight.link.person_id is None:
        return (f"已经分配给{sight.person}，谢谢。", f"It is {sight.person}'s now, thank you.")
    return _PRESSED[sight.link.action]


def _weight(written: str) -> float:
    try:
        return float(written or 1)
    except ValueError:
        return 0.0


def fill(language: str, *, act: str = "", **texts: str) -> bytes:
    """The page with these texts in its places, each escaped; `act` is our own HTML."""
    page = _read("act.html")
    # In one pass over our own page: a value that looks like a name is not filled in again.
    values = {name: escape(value) for name, value in texts.items()} | {"lang": language, "act": act}
    head, *rest = page.split("{{")
    for piece in rest:
        name, _, text = piece.partition("}}")
        head += values[name] + text
    return head.encode()


@cache
def _read(name: str) -> str:
    return resources.files("services.api").joinpath("pages", name).read_text(encoding="utf-8")
