"""The features of what a workspace learns: short runs of letters, hashed."""

import unicodedata
from functools import lru_cache
from itertools import chain
from zlib import crc32

BUCKETS = 1 << 18
# Longer texts are learnt by their beginning: time and memory stay bounded.
_LONGEST = 400


@lru_cache(maxsize=8_192)
def grams_of(text: str) -> frozenset[int]:
    """Runs of one to three letters or digits, marks left out; the same in every process."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    said = "".join(letter for letter in folded if letter.isalnum())
    runs = chain.from_iterable(
        (said[at : at + size] for at in range(len(said) - size + 1)) for size in (1, 2, 3)
    )
    return frozenset(crc32(run.encode(errors="replace")) % BUCKETS for run in runs)


def fold(text: str) -> str:
    """What two texts must share to be the same text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
