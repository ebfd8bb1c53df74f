"""Makes text from outside storable: replaces what JSON allows and Postgres does not."""

import re
from typing import Any

REPLACEMENT = "\ufffd"

# Postgres has no NUL in text, and a lone surrogate has no UTF-8 form.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> tuple[str, bool]:
    """Replace NUL and lone surrogates by U+FFFD; the flag says whether anything was replaced.

    The length in characters stays the same.
    """
    # Most text is clean, and looking for one byte is far cheaper than a search by class.
    if text.isascii() and "\x00" not in text:
        return text, False
    cleaned, replaced = _UNSTORABLE.subn(REPLACEMENT, text)
    return cleaned, replaced > 0


def clean_tree(value: Any) -> tuple[Any, bool]:
    """`clean` for every string and key of a parsed JSON value; untouched branches are copied.

    Recurses, so only for values whose depth is already limited. Keys that become equal are merged,
    the last one wins.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        items = [clean_tree(item) for item in value]
        return [item for item, _ in items], any(replaced for _, replaced in items)
    if isinstance(value, dict):
        pairs = [(clean(key), clean_tree(item)) for key, item in value.items()]
        replaced = any(in_key or in_item for (_, in_key), (_, in_item) in pairs)
        return {key: item for (key, _), (item, _) in pairs}, replaced
    return value, False
