"""What is said of an error budget that burns: how many were missed, and how fast."""

from typing import Final

from services.core.alerts.types import Alert, Purpose, Severity

_OVER: Final = {
    "zh": "回复达标率已恢复正常节奏，谢谢大家。",
    "en": "Answers are back on the pace of the objective, thank you.",
}
_AGAIN: Final = (Purpose.RENOTIFY, Purpose.ESCALATED)
_NOW: Final = ("请现在加派人手。", "please bring in more people now.")
_SOON: Final = ("请看看最近几天的安排。", "please look at the plan of these days.")


def burn_sentences(alert: Alert, purpose: Purpose) -> dict[str, str]:
    """The sentence in Chinese and English; its figures are those of the moment it was raised."""
    if purpose is Purpose.RESOLVED:
        return _OVER
    again_zh, again_en = ("再次提醒：", "Again: ") if purpose in _AGAIN else ("", "")
    told = alert.detail or {}
    missed, decided, hours = (told.get(name, 0) for name in ("missed", "decided", "hours"))
    times = f"{told.get('times', 0):g}"
    zh = f"过去 {hours} 小时有 {missed}/{decided} 条回复超时，是目标允许速度的 {times} 倍"
    en = f"{missed} of {decided} answers due in the last {hours} h were late, {times} times"
    urgent = alert.severity is Severity.BREACH
    end_zh, end_en = _NOW if urgent else _SOON
    fits = "what the objective allows"
    return {"zh": f"{again_zh}{zh}，{end_zh}", "en": f"{again_en}{en} {fits}; {end_en}"}
