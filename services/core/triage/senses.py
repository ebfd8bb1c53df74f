"""What words mean, roughly: thirty-two numbers a word, so that a word nobody trained on has kin.

The table holds frequent Chinese and English words and where Google's multilingual sentence
encoder (Apache-2.0) puts them, cut down to the 32 directions in which words differ most. It is
an input of training, made once by `warmline triage senses`; weights/manifest.toml has its source.
"""

from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from services.core.triage.evidence import WORD, Floats
from services.core.triage.grams import Keys, keys_of
from services.core.triage.normalise import Places
from services.core.triage.phrasebook import Numbers

DIRECTIONS = 32
FILE = "senses.npz"
_FULL = 127.0
# The far ends of a few odd words are cut, so that the many keep their difference in one byte.
_STRETCH = 2.2


class Senses:
    """A table of words, looked up wherever they stand, whether other words overlap them or not."""

    def __init__(self, words: Sequence[str], vectors: NDArray[np.int8]) -> None:
        latin = np.array([word.isascii() for word in words], bool)
        keys = np.where(latin, keys_of(words) ^ WORD, keys_of(words))
        order = np.argsort(keys)
        self.keys: Keys = keys[order]
        self.words = words
        self._vectors = vectors[order]

    def means(self, owner: Places, rows: Numbers, count: int) -> Floats:
        """Give each message the mean sense of its words, by their rows; zeros where it has none.

        Words come in the messages' order.
        """
        total = np.zeros((count, DIRECTIONS), np.float32)
        if len(rows):
            begins = np.flatnonzero(np.diff(owner, prepend=-1))
            sums = np.add.reduceat(self._vectors[rows], begins, axis=0, dtype=np.int32)
            sizes = np.diff(begins, append=len(owner))
            total[owner[begins]] = sums / (sizes[:, None] * np.float32(_FULL))
        return total


def make_senses(words: Sequence[str], vectors: NDArray[np.floating]) -> bytes:
    """Cut sentence vectors of words down to a table; gives the bytes of the file."""
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1][:, :DIRECTIONS]
    # An axis has no sign of its own: its longest part points upwards.
    directions *= np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(DIRECTIONS)])
    placed = centred @ directions
    scaled = np.round(placed / np.abs(placed).max() * _FULL * _STRETCH)
    joined = np.frombuffer("\n".join(words).encode(), np.uint8)
    file = BytesIO()
    np.savez(file, words=joined, vectors=scaled.clip(-_FULL, _FULL).astype(np.int8))
    return file.getvalue()


def load_senses() -> Senses:
    """Read the packaged table."""
    data = files("services.core.triage").joinpath("weights", FILE).read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as table:
        words = table["words"].tobytes().decode().split("\n")
        return Senses(words, table["vectors"])
