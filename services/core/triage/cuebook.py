"""The cue files, read once: named patterns, what each argues for, and the windows around them."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import accumulate
from typing import Any

import re2

from services.core.triage.normalise import Normaliser

_KEYS = {"name", "patterns", "argues", "flags", "view", "negated", "doubted"}
_VIEWS = ("plain", "contact")
# The automaton of several hundred alternatives grows to some 75 MB on varied text. With less room
# it is thrown away again and again, and judging takes ten to thirty times as long; with no bound a
# stream of strange texts would fill the memory.
_SET_MEMORY_BYTES = 96 << 20
_HITS_PER_CUE = 6

Effects = tuple[tuple[str, float], ...]


class CueFileError(ValueError):
    """A cue file does not say what a cue file must say; the text names the cue."""


@dataclass(frozen=True, slots=True)
class Cue:
    """`negated` and `doubted` replace `argues` under a negation or a supposition; None is deaf."""

    name: str
    argues: Effects
    negated: Effects | None
    doubted: Effects | None
    flags: tuple[str, ...]
    view: str
    pattern: Any


@dataclass(frozen=True, slots=True)
class Window:
    """How far a word in front of a cue (or behind it) reaches, in characters of the plain view."""

    before: int
    before_ascii: int
    words: Any
    after: int = 0
    words_after: Any = None
    spared: Any = None


@dataclass(frozen=True, slots=True)
class CueBook:
    cues: Mapping[str, Sequence[Cue]]
    negation: Window
    doubt: Window
    elsewhere: Window
    elsewhere_ease: float
    quiet: Any
    brand_words: Any
    normaliser: Normaliser
    digest: str
    _sets: Mapping[str, Any]

    def hits(self, view: str, text: str) -> Iterator[tuple[Cue, int, int]]:
        """Yield every cue of a view with the half-open spans where it stands in `text`."""
        data = text.encode()
        found = sorted(self._sets[view].Match(data) or ())
        if not found:
            return
        bounds = _CharacterBounds(text, data)
        for index in found:
            cue = self.cues[view][index]
            for count, match in enumerate(cue.pattern.finditer(data)):
                if count == _HITS_PER_CUE:
                    break
                start, end = match.span()
                if start < end:
                    yield cue, bounds[start], bounds[end]


class _CharacterBounds:
    """Byte offset to character offset, built once for a text."""

    __slots__ = ("_table",)

    def __init__(self, text: str, data: bytes) -> None:
        self._table: dict[int, int] | None = None
        if len(text) != len(data):
            widths = (len(letter.encode()) for letter in text)
            self._table = {byte: at for at, byte in enumerate(accumulate(widths, initial=0))}

    def __getitem__(self, byte: int) -> int:
        return byte if self._table is None else self._table[byte]


@lru_cache(maxsize=1)
def load_cuebook() -> CueBook:
    """Read the packaged files. Raises CueFileError when one is malformed; tests read them all."""
    root = files("services.core.triage").joinpath("cues")
    texts = {path: source.read_text("utf-8") for path, source in sorted(_toml_files(root, ""))}
    tables = {path: tomllib.loads(text) for path, text in texts.items()}
    cues = [read_cue(entry) for path in tables for entry in tables[path].get("cue", ())]
    by_view = {view: [cue for cue in cues if cue.view == view] for view in _VIEWS}
    windows, emoji = tables["windows.toml"], tables["emoji.toml"]
    return CueBook(
        cues=by_view,
        negation=_window(windows["negation"], spared="not_negators"),
        doubt=_window(windows["doubt"], spared="told"),
        elsewhere=_window(windows["elsewhere"]),
        elsewhere_ease=float(windows["elsewhere"]["ease"]),
        quiet=_quiet_pattern(windows["quiet"]),
        brand_words=_any_of(windows["handle"]["brand_words"]),
        normaliser=Normaliser(
            emoji={sign: kind for kind, signs in emoji["classes"].items() for sign in signs},
            emoticons={name: kind for kind, names in emoji["platform"].items() for name in names},
            lookalikes=emoji["contact"],
        ),
        digest=hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:8],
        _sets={view: _set_of(by_view[view]) for view in _VIEWS},
    )


def read_cue(entry: Mapping[str, Any]) -> Cue:
    """Read one `[[cue]]` table; raises CueFileError naming it when a key or pattern is wrong."""
    name = str(entry.get("name", "a cue without a name"))
    unknown = set(entry) - _KEYS
    if unknown or not {"name", "patterns", "argues"} <= set(entry):
        raise CueFileError(
            f"{name}: needs name, patterns and argues, and knows no {unknown or '{}'}"
        )
    view = entry.get("view", "plain")
    if view not in _VIEWS:
        raise CueFileError(f"{name}: there is no view {view!r}")
    try:
        pattern = _any_of(entry["patterns"])
    except re2.error as error:
        raise CueFileError(f"{name}: {error}") from error
    negated, doubted = entry.get("negated"), entry.get("doubted")
    return Cue(
        name=name,
        argues=_effects(name, entry["argues"]),
        negated=None if negated is None else _effects(name, negated),
        doubted=None if doubted is None else _effects(name, doubted),
        flags=tuple(entry.get("flags", ())),
        view=view,
        pattern=pattern,
    )


def _effects(name: str, table: Mapping[str, float]) -> Effects:
    if any(not 0 < weight < 1 for weight in table.values()):
        raise CueFileError(f"{name}: a weight lies between 0 and 1, both excluded")
    return tuple((effect, float(weight)) for effect, weight in table.items())


def _window(table: Mapping[str, Any], spared: str = "") -> Window:
    before = int(table["before"])
    return Window(
        before=before,
        before_ascii=int(table.get("before_ascii", before * 2)),
        words=_any_of(table["words"]),
        after=int(table.get("after", 0)),
        words_after=_any_of(table["words_after"]) if "words_after" in table else None,
        spared=_any_of(table[spared]) if spared else None,
    )


def _quiet_pattern(table: Mapping[str, Sequence[str]]) -> Any:
    """One pattern for a whole message of closing words, laughter, emoji, marks and handles."""
    words = [word for kind in table.values() for word in kind]
    return re2.compile(rf"(?:{'|'.join(words)}|@[^\s@]{{1,30}}|⟦[A-Z]+⟧|[\s\pP\pS])+")


def _any_of(patterns: Sequence[str]) -> Any:
    return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns), _options())


def _options() -> Any:
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


def _set_of(cues: Sequence[Cue]) -> Any:
    options = _options()
    options.max_mem = _SET_MEMORY_BYTES
    patterns = re2.Set.SearchSet(options)
    for cue in cues:
        patterns.Add(cue.pattern.pattern.encode())
    patterns.Compile()
    return patterns


def _toml_files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _toml_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield f"{prefix}{entry.name}", entry
