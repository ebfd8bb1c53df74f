"""What is said when a detector goes off: its own sentence, or a plain one where it has none."""

from typing import Final

from services.core.alerts.types import Alert, Purpose

_OVER: Final = {
    "zh": "刚才的异常已经恢复，谢谢大家。",
    "en": "What looked unusual is back to normal, thank you.",
}
_PLAIN: Final = {
    "zh": "有一项监测出现异常，请看一看。",
    "en": "One of your detectors noticed something unusual, please look.",
}
_AGAIN: Final = {"zh": "再次提醒：", "en": "Again: "}


def detector_sentences(alert: Alert, purpose: Purpose) -> dict[str, str]:
    """The sentence in Chinese and English; its figures are those of the moment it was raised."""
    if purpose is Purpose.RESOLVED:
        return _OVER
    own = (alert.detail or {}).get("sentence") or {}
    again = purpose in {Purpose.RENOTIFY, Purpose.ESCALATED}
    return {
        language: (_AGAIN[language] if again else "") + str(own.get(language) or plain)
        for language, plain in _PLAIN.items()
    }
