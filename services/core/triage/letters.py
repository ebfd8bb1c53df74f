"""One table from any code point to the letter triage reads, so that whole batches fold at once."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import opencc
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

# Beyond these planes nothing has a folded form of its own: rare ideographs stay, the rest is blank.
_LAST = 0x20000
_IDEOGRAPHS_END = 0x323B0
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HAN = (0x3400, 0xA000)

DROPPED = 0
BLANK = 0x20
# Signs of our own, in the place where Unicode lets everybody have some.
EDGE = 0xE000
BRAND = 0xE001
SOMEBODY = 0xE002
ADDRESS = 0xE003
EMOTICON = 0xE004
DIGIT = 0xE005
_FIRST_CLASS = 0xE010
_OWN_SIGNS = (0xE000, 0xE100)
# NFKC leaves these apart from their plain forms, or makes several letters of them.
_MARKS = dict(zip("’‘´`“”〜—…", "''''\"\"~-.", strict=True))
_LINE_ENDS = "\r\n\u2028\u2029\x0b\x0c\x85"
# opencc keeps these apart because of rare old meanings that no comment has.
_ALSO_SIMPLIFIED = {
    "著": "着",
    "妳": "你",
    "喫": "吃",
    "乾": "干",
    "姊": "姐",
    "瞭": "了",
    "牠": "它",
}


@dataclass(frozen=True, slots=True)
class Letters:
    """`plain` gives each code point its folded letter, `contact` the letter it may stand in for.

    Both answer 0 for what is dropped. `names` gives the signs of emoji classes back their names.
    """

    plain: Codes
    contact: Codes
    names: Mapping[int, str]

    @staticmethod
    def read(text: str) -> Codes:
        """Give the code points of any string, but for signs that are our own."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).copy()
        first, end = _OWN_SIGNS
        codes[(codes >= first) & (codes < end) | (codes == DROPPED)] = BLANK
        return codes

    def fold(self, codes: Codes) -> Codes:
        """Fold code points letter for letter; the same length comes back."""
        inside = np.minimum(codes, _LAST)
        folded: Codes = self.plain[inside]
        far = codes >= _LAST
        if far.any():
            kept = far & (codes < _IDEOGRAPHS_END)
            folded = np.where(kept, codes, np.where(far, BLANK, folded)).astype(np.uint32)
        return folded

    def unwrap(self, codes: Codes) -> Codes:
        """Give code points the letters they stand in for in contact details; 0 for marks."""
        unwrapped: Codes = self.contact[np.minimum(codes, _LAST)]
        return unwrapped

    def shown(self, folded: Codes) -> str:
        """Write folded letters as a person can read them: `⟦LOVE⟧` for an emoji's class."""
        return "".join(self.names.get(code) or chr(code) for code in folded.tolist())


def make_letters(emoji: Mapping[str, str], lookalikes: Mapping[str, str]) -> Letters:
    """Make the tables: emoji to their classes, look-alikes to the letter they are drawn for."""
    plain = _unicode_table().copy()
    plain[ord("⟦")], plain[ord("⟧")] = ord("["), ord("]")
    signs = class_signs(emoji.values())
    for sign, kind in emoji.items():
        plain[ord(sign)] = signs[kind]
    contact = _contact_table(plain, lookalikes)
    names = {code: class_name(kind) for kind, code in signs.items()}
    names |= {BRAND: "⟦BRAND⟧", SOMEBODY: "⟦SOMEBODY⟧", ADDRESS: "⟦ADDRESS⟧"}
    names |= {EMOTICON: "⟦SIGN⟧", EDGE: "⟦EDGE⟧", DIGIT: "0"}
    return Letters(plain, contact, names)


def class_signs(kinds: Iterable[str]) -> dict[str, int]:
    """Give each class of emoji the one letter that stands for it in folded text."""
    return {kind: _FIRST_CLASS + at for at, kind in enumerate(sorted(set(kinds)))}


def class_name(kind: str) -> str:
    """Capitals, since folded text has none: a pattern for the word never meets the class."""
    return f"⟦{kind.upper()}⟧"


@cache
def _unicode_table() -> Codes:
    """What Unicode and the simplified script say of each code point below plane 2."""
    table = np.full(_LAST + 1, BLANK, np.uint32)
    for code in range(_LAST):
        table[code] = _folded(code)
    table[DROPPED] = DROPPED
    table[slice(*_OWN_SIGNS)] = np.arange(*_OWN_SIGNS)
    han = [chr(code) for code in range(*_HAN)]
    simplified = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    for old, new in zip(han, simplified, strict=True):
        table[ord(old)] = ord(new) if len(new) == 1 else ord(old)
    for old, new in _ALSO_SIMPLIFIED.items():
        table[ord(old)] = ord(new)
    return table


def _folded(code: int) -> int:
    letter = chr(code)
    category = unicodedata.category(letter)
    if letter in _LINE_ENDS:
        return ord("\n")
    if category in {"Cf", "Mn", "Me"} or code in _SKIN_TONES:
        return DROPPED
    if category[0] in "ZC":
        return BLANK
    if category == "Lo":
        return code
    return _compatible(_MARKS.get(letter, letter))


def _compatible(letter: str) -> int:
    """The first letter of the compatible form; a sign without any is blank."""
    folded = unicodedata.normalize("NFKC", letter).casefold()
    kept = next((each for each in folded if each.isalnum()), folded[0])
    return BLANK if unicodedata.category(kept) == "So" else ord(kept)


def _contact_table(plain: Codes, lookalikes: Mapping[str, str]) -> Codes:
    """Letters and digits stand for themselves; marks and blanks are what evaders strew between."""
    table = np.zeros(_LAST + 1, np.uint32)
    wordlike = [code for code in np.unique(plain).tolist() if chr(code).isalnum()]
    known = np.isin(plain, np.array(wordlike, np.uint32))
    table[known] = plain[known]
    for sign, letter in lookalikes.items():
        table[plain == ord(sign)] = ord(letter)
        table[ord(sign)] = ord(letter)
    return table
