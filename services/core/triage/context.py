"""What stands around a cue: a negator, a supposition, another brand; each may change its mind."""

import re
from bisect import bisect_right

from services.core.triage.cuebook import Cue, CueBook, Effects, Window

_HAN = "\u3400-\u9fff"
# A space between two Chinese words is a comma; in English it is only a space.
_BREAK = re.compile(rf"[,.!?;:。、\n~]|⟧|(?<=[{_HAN}]) (?=[{_HAN}])")
# Letters read before a window begins, so that a phrase cut by its edge is still recognised.
_RUN_UP = 6
_BAD = "sentiment:negative"


class Context:
    """The clauses of one text, asked about each cue in it; positions are of the plain view."""

    def __init__(self, text: str, book: CueBook) -> None:
        self._text = text
        self._book = book
        self._breaks = [found.end() for found in _BREAK.finditer(text)]

    def effects(self, cue: Cue, start: int, end: int) -> Effects:
        """Give what the cue argues for here; empty when its surroundings silence it."""
        if cue.doubted is not None and self._is_doubted(start, end):
            return cue.doubted
        effects = cue.argues
        if cue.negated is not None and self._is_negated(start):
            effects = cue.negated
        if any(effect == _BAD for effect, _ in effects) and self._is_elsewhere(start):
            ease = self._book.elsewhere_ease
            return tuple((effect, weight * ease) for effect, weight in effects)
        return effects

    def _before(self, window: Window, start: int) -> tuple[str, int]:
        """Give the text in front of a cue, in its clause, and how many letters of it are run-up."""
        english = self._text[start].isascii()
        reach = window.before_ascii if english else window.before
        at = bisect_right(self._breaks, start)
        clause = self._breaks[at - 1] if at else 0
        begin = max(clause, start - reach)
        run_up = max(clause, begin - _RUN_UP)
        return self._text[run_up:start], begin - run_up

    def _is_negated(self, start: int) -> bool:
        window = self._book.negation
        text, run_up = self._before(window, start)
        if not text:
            return False
        masked = window.spared.sub(lambda found: "·" * len(found.group()), text)
        count = sum(1 for found in window.words.finditer(masked) if found.end() > run_up)
        return bool(count % 2)

    def _is_doubted(self, start: int, end: int) -> bool:
        window = self._book.doubt
        text, run_up = self._before(window, start)
        if text and window.spared.search(text):
            return False
        if text and any(found.end() > run_up for found in window.words.finditer(text)):
            return True
        at = bisect_right(self._breaks, end)
        limit = self._breaks[at] if at < len(self._breaks) else len(self._text)
        behind = self._text[end : min(limit, end + window.after)]
        return bool(behind and window.words_after.search(behind))

    def _is_elsewhere(self, start: int) -> bool:
        window = self._book.elsewhere
        text, _ = self._before(window, start)
        return bool(text and window.words.search(text))
