"""Keeps words from being read as markup, for platforms whose markdown knows no escape."""

from typing import Final

# The wide twin of each character that markup begins with: it looks alike and means nothing.
_WIDE: Final = str.maketrans(
    {
        "*": "＊",
        "_": "＿",
        "`": "｀",
        "#": "＃",
        "[": "［",
        "]": "］",
        "<": "＜",
        ">": "＞",
        "~": "～",
        "|": "｜",
        "\\": "＼",
    }
)


def unmark(text: str) -> str:
    """The text with nothing in it that robots of DingTalk and WeCom would format or call."""
    return text.translate(_WIDE)


def link(label: str, url: str) -> str:
    """A markdown link; an address with a bracket in it would end early."""
    safe = url.replace("(", "%28").replace(")", "%29")
    return f"[{unmark(label)}]({safe})"
