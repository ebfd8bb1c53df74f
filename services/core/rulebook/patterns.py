"""Patterns people write: compiled in linear time only, weighed, and refused with a reason."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import opencc
import re2

from services.core.kit.errors import FieldProblem

MOST_BYTES = 512
# Instructions of a compiled pattern. RE2 walks text once, but in the worst case touches every
# instruction at every byte.
MOST_INSTRUCTIONS = 1_000
# What is behind this in a long text is not looked at by rules.
MOST_CHARACTERS = 2_000
_MEMORY_BYTES = 256 << 10
# Plain words are found far faster than anything with a choice in it.
_PLAIN_SIZE = 8
_SPECIAL = frozenset(r"\.[]{}()*+?^$|")
_LOOKAROUND = ("(?=", "(?!", "(?<=", "(?<!")
_simplify = opencc.OpenCC("t2s").convert


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern; `size` is what a byte of text may cost: instructions, as a rule."""

    compiled: Any
    size: int

    def find(self, prepared: "Prepared") -> tuple[int, int] | None:
        """Where it first stands, in code points of the original; the whole text if unsure."""
        match = self.compiled.search(prepared.data)
        if match is None:
            return None
        if not prepared.aligned:
            return 0, prepared.length
        start, end = match.span()
        before = len(prepared.data[:start].decode())
        return before, before + len(prepared.data[start:end].decode())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text as patterns read it: compatibility forms folded, traditional simplified."""

    data: bytes
    aligned: bool
    length: int


def prepare(text: str) -> Prepared:
    """Fold the beginning of a text, in time linear in it."""
    head = text[:MOST_CHARACTERS]
    folded = fold(head)
    return Prepared(folded.encode(errors="replace"), len(folded) == len(head), len(text))


def fold(text: str) -> str:
    clean = unicodedata.normalize("NFKC", text).replace("\0", " ")
    if clean.isascii():
        return clean
    return str(_simplify(clean.encode(errors="replace").decode()))


@lru_cache(maxsize=4_096)
def compile_pattern(pattern: str) -> Pattern:
    """Raises ValueError when `problem` would name one."""
    compiled = re2.compile(fold(pattern), _options())
    size = int(compiled.programsize)
    return Pattern(compiled, size if _SPECIAL.intersection(pattern) else min(size, _PLAIN_SIZE))


def problem(pattern: str, pointer: str) -> FieldProblem | None:
    """Why a pattern cannot be used, or None. The reason never repeats the pattern."""
    if len(pattern.encode(errors="replace")) > MOST_BYTES:
        return FieldProblem(pointer, "too_long", f"A pattern has at most {MOST_BYTES} bytes.")
    if any(mark in pattern for mark in _LOOKAROUND):
        return FieldProblem(
            pointer, "lookaround", "Looking ahead or behind is not possible in linear time."
        )
    try:
        compiled = compile_pattern(pattern)
    except re2.error as error:
        return _reason(pointer, str(error))
    if compiled.size > MOST_INSTRUCTIONS:
        return FieldProblem(pointer, "too_large", "Fewer or smaller repetitions, please.")
    if compiled.compiled.search(b"") is not None:
        return FieldProblem(pointer, "matches_nothing", "This is found in every text, even none.")
    return None


def _reason(pointer: str, message: str) -> FieldProblem:
    if "escape sequence" in message and any(f"\\{digit}" in message for digit in range(1, 10)):
        return FieldProblem(
            pointer, "backreference", "Referring back is not possible in linear time."
        )
    if "too large" in message or "repetition" in message:
        return FieldProblem(pointer, "too_large", "Fewer or smaller repetitions, please.")
    return FieldProblem(pointer, "syntax", "This is no regular expression (RE2 syntax).")


def _options() -> Any:
    options = re2.Options()
    options.never_capture = True
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    return options
