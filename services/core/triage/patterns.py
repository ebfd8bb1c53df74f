r"""Reads the pattern language of the cue files and spells out what a pattern can say.

It looks like a regular expression and has less: words, `(a|b)`, `?`, `*`, `+`, `{m,n}`, `[...]`,
`.`, `^`, `$`, `\b`. A pattern becomes chains: sets of spelled-out words with bounded gaps between
them, which can be looked up in a whole batch at once, in time linear in the text. What has no
bound (`a+`, `.*`) is read up to a small one, since shouted letters are calmed before.
"""

import re
from dataclasses import dataclass
from itertools import product

EDGE_SIGN = "\ue000"
DIGIT_SIGN = "\ue005"
# Stands where a word of Latin letters must begin or end.
BORDER = "\x02"
# Two sets of words that would make more words than this together stay two, with no gap between.
_MOST_WORDS = 240
_MOST_CHAINS = 2_000
# Letters that stand for themselves, but for one that a count behind it speaks of.
_PLAIN = re.compile(r"[^\\()\[\]{}|.^$*+?]+(?![*+?{])")
_STAR_GAP = 12
_STAR_TURNS = 2
_NO_END = 10_000
_WIDEST_RANGE = 10
_MOST_DIGITS = 12
_COUNTS = {"*", "+", "?", "{"}
_ESCAPES = {"b": BORDER, "n": "\n"}
_OPEN_CLASSES = {"w", "W", "S", "s", "p", "D"}

Gap = tuple[int, int]


class PatternError(ValueError):
    """A pattern says what this language cannot; the text names the place."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Words of `links[0]`, then a gap of `gaps[0]` letters, then words of `links[1]`, and so on."""

    links: tuple[frozenset[str], ...]
    gaps: tuple[Gap, ...] = ()


_NOTHING = Chain((frozenset({""}),))


def spell_out(pattern: str) -> list[Chain]:
    """Give all a pattern can match; raises PatternError. No chain begins or ends in a gap."""
    reader = _Reader(pattern)
    chains = [trimmed for chain in reader.alternatives() for trimmed in _trimmed(chain)]
    if reader.rest:
        raise PatternError(f"an unexpected {reader.rest[0]!r} in {pattern!r}")
    if not chains:
        raise PatternError(f"{pattern!r} can match no letter at all")
    return chains


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.rest = pattern
        self._pattern = pattern

    def alternatives(self) -> list[Chain]:
        found = self._sequence()
        while self._take("|"):
            found += self._sequence()
        return _merged(found)

    def _sequence(self) -> list[Chain]:
        chains = [_NOTHING]
        while self.rest and self.rest[0] not in "|)":
            chains = _joined(chains, self._repeated(self._atom()), self._pattern)
        return chains

    def _atom(self) -> list[Chain]:
        plain = _PLAIN.match(self.rest)
        if plain is not None:
            self.rest = self.rest[plain.end() :]
            return [_words({plain.group()})]
        letter = self._next()
        if letter in "*+?{":
            raise PatternError(f"nothing to repeat in {self._pattern!r}")
        special = {"(": self._group, "[": self._class, "\\": self._escape}
        if letter in special:
            return special[letter]()
        if letter == ".":
            return [_gap(1, 1)]
        return [_words({EDGE_SIGN if letter in "^$" else letter})]

    def _group(self) -> list[Chain]:
        if self.rest.startswith("?") and not self.rest.startswith("?:"):
            raise PatternError(f"no look-around and no flags in {self._pattern!r}")
        self.rest = self.rest.removeprefix("?:")
        inside = self.alternatives()
        if not self._take(")"):
            raise PatternError(f"a bracket stays open in {self._pattern!r}")
        return inside

    def _escape(self) -> list[Chain]:
        letter = self._next()
        if letter == "d":
            return [_words({DIGIT_SIGN})]
        if letter in _OPEN_CLASSES:
            return [_gap(1, 1)]
        return [_words({_ESCAPES.get(letter, letter)})]

    def _class(self) -> list[Chain]:
        negated = self._take("^")
        body = ""
        while self.rest and self.rest[0] != "]":
            letter = self._next()
            body += letter + self._next() if letter == "\\" else letter
        self._next()
        if negated or any(f"\\{kind}" in body for kind in _OPEN_CLASSES):
            return [_gap(1, 1)]
        return [_class_of(body)]

    def _repeated(self, chains: list[Chain]) -> list[Chain]:
        if self.rest[:1] not in _COUNTS:
            return chains
        bounds = self._bounds()
        if bounds is None:
            return chains
        low, high = bounds
        self._take("?")
        if _is_gap(chains):
            return [_gap(low, max(low, _STAR_GAP) if high == _NO_END else high)]
        widest = _MOST_DIGITS if chains == [_words({DIGIT_SIGN})] else _STAR_TURNS
        high = min(high, max(low, widest))
        total: list[Chain] = []
        turn = [_NOTHING]
        for count in range(high + 1):
            if count >= low:
                total += turn
            turn = _joined(turn, chains, self._pattern) if count < high else turn
        return _merged(total)

    def _bounds(self) -> tuple[int, int] | None:
        if self._take("?"):
            return 0, 1
        if self._take("*"):
            return 0, _NO_END
        if self._take("+"):
            return 1, _NO_END
        if not self.rest.startswith("{"):
            return None
        inside, _, self.rest = self.rest[1:].partition("}")
        low, comma, high = inside.partition(",")
        if not low.isdigit() or (high and not high.isdigit()):
            raise PatternError(f"a count that is no count in {self._pattern!r}")
        return int(low), int(high or (_NO_END if comma else low))

    def _take(self, sign: str) -> bool:
        taken = self.rest.startswith(sign)
        self.rest = self.rest[len(sign) :] if taken else self.rest
        return taken

    def _next(self) -> str:
        if not self.rest:
            raise PatternError(f"{self._pattern!r} ends too early")
        letter, self.rest = self.rest[0], self.rest[1:]
        return letter


def _class_of(body: str) -> Chain:
    """A class is one letter out of several; a range of letters is any letter."""
    letters: set[str] = set()
    body = body.replace("0-9", DIGIT_SIGN).replace("\\d", DIGIT_SIGN)
    at = 0
    while at < len(body):
        if body[at] == "\\":
            at += 1
        elif body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            first, last = ord(body[at]), ord(body[at + 2])
            if last - first >= _WIDEST_RANGE:
                return _gap(1, 1)
            letters |= {chr(code) for code in range(first, last + 1)}
            at += 3
            continue
        letters.add(body[at])
        at += 1
    return _words(letters)


def _words(words: set[str]) -> Chain:
    return Chain((frozenset(words),))


def _gap(low: int, high: int) -> Chain:
    return Chain((frozenset({""}), frozenset({""})), ((low, high),))


def _is_gap(chains: list[Chain]) -> bool:
    return len(chains) == 1 and chains[0] == _gap(1, 1)


def _merged(chains: list[Chain]) -> list[Chain]:
    """Put the chains without a gap together: they are one set of words."""
    words = [chain.links[0] for chain in chains if not chain.gaps]
    rest = [chain for chain in chains if chain.gaps]
    return ([Chain((frozenset().union(*words),))] if words else []) + rest


def _joined(left: list[Chain], right: list[Chain], pattern: str) -> list[Chain]:
    if left == [_NOTHING]:
        return right
    joined = [_join(one, other) for one, other in product(left, right)]
    if len(joined) > _MOST_CHAINS:
        raise PatternError(f"too many ways to read {pattern[:60]!r}")
    return joined


def _join(left: Chain, right: Chain) -> Chain:
    one, other = left.links[-1], right.links[0]
    if len(one) * len(other) > _MOST_WORDS and min(len(one), len(other)) > 1:
        return Chain(left.links + right.links, (*left.gaps, (0, 0), *right.gaps))
    middle = frozenset(a + b for a, b in product(one, other))
    return Chain((*left.links[:-1], middle, *right.links[1:]), left.gaps + right.gaps)


def _trimmed(chain: Chain) -> list[Chain]:
    """Drop gaps at both ends, and read a link that may be empty as the two chains it is."""
    links, gaps = list(chain.links), list(chain.gaps)
    # A link at an end that may be empty asks for nothing, and what lies before it is free.
    while gaps and "" in links[0]:
        del links[0], gaps[0]
    while gaps and "" in links[-1]:
        del links[-1], gaps[-1]
    for at in range(1, len(links) - 1):
        if "" in links[at]:
            wider = (gaps[at - 1][0] + gaps[at][0], gaps[at - 1][1] + gaps[at][1])
            without = Chain(
                (*links[:at], *links[at + 1 :]), (*gaps[: at - 1], wider, *gaps[at + 1 :])
            )
            links[at] = links[at] - {""}
            present = _trimmed(Chain(tuple(links), tuple(gaps))) if links[at] else []
            return _trimmed(without) + present
    cleaned = [_cleaned(link, alone=not gaps) for link in links]
    return [Chain(tuple(cleaned), tuple(gaps))] if all(cleaned) else []


def _cleaned(link: frozenset[str], *, alone: bool) -> frozenset[str]:
    """Drop what cannot be: an edge inside a word, a border that is none, the empty word."""
    kept = set()
    for word in link:
        inner = word.strip(BORDER)
        left = BORDER if word.startswith(BORDER) and inner[:1].isalnum() else ""
        right = BORDER if word.endswith(BORDER) and inner[-1:].isalnum() else ""
        inner = inner.replace(BORDER, "")
        letters = inner.strip(EDGE_SIGN)
        if EDGE_SIGN not in letters and (letters or (inner == EDGE_SIGN and not alone)):
            kept.add(left + inner + right)
    return frozenset(kept)
