"""The cue files, read once: named patterns, what each argues for, and the windows around them."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from services.core.triage.letters import class_name, class_signs, make_letters
from services.core.triage.normalise import Normaliser
from services.core.triage.patterns import Chain, PatternError, spell_out
from services.core.triage.phrasebook import PhraseBook

_KEYS = {"name", "patterns", "argues", "flags", "view", "negated", "doubted"}
_VIEWS = ("plain", "contact")

Effects = tuple[tuple[str, float], ...]


class CueFileError(ValueError):
    """A cue file does not say what a cue file must say; the text names the cue."""


class State(IntEnum):
    """How a cue stands in its clause: said, denied, supposed, or said of another brand."""

    SAID = 0
    NEGATED = 1
    DOUBTED = 2
    ELSEWHERE = 3


class Window(IntEnum):
    """The lists of words that change what a cue says, numbered behind the cues of a book."""

    NEGATOR = 0
    NO_NEGATOR = 1
    DOUBT = 2
    TOLD = 3
    DOUBT_AFTER = 4
    ELSEWHERE = 5
    QUIET = 6


@dataclass(frozen=True, slots=True)
class Reach:
    """How many letters in front of a cue (or behind it) a window's words may stand."""

    before: int
    before_ascii: int
    after: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    """`negated` and `doubted` replace `argues` under a negation or a supposition; None is deaf."""

    name: str
    argues: Effects
    negated: Effects | None
    doubted: Effects | None
    flags: tuple[str, ...]
    view: str
    chains: tuple[Chain, ...]

    def effects(self, state: State) -> Effects:
        if state is State.NEGATED:
            return self.negated or ()
        if state is State.DOUBTED:
            return self.doubted or ()
        return self.argues


@dataclass(frozen=True, slots=True)
class CueBook:
    """All cues with their phrase books; `plain` and `contact` say which numbers are which cues."""

    cues: Sequence[Cue]
    plain: PhraseBook
    contact: PhraseBook
    reach: Mapping[Window, Reach]
    normaliser: Normaliser
    digest: str

    def window(self, window: Window) -> int:
        """Give the number of a window's list in the plain phrase book."""
        return len(self.cues) + int(window)


@lru_cache(maxsize=1)
def load_cuebook() -> CueBook:
    """Read the packaged files. Raises CueFileError when one is malformed; tests read them all."""
    root = files("services.core.triage").joinpath("cues")
    texts = {path: source.read_text("utf-8") for path, source in sorted(_toml_files(root, ""))}
    tables = {path: tomllib.loads(text) for path, text in texts.items()}
    cues = [read_cue(entry) for path in tables for entry in tables[path].get("cue", ())]
    digest = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:8]
    return make_cuebook(cues, tables["windows.toml"], tables["emoji.toml"], digest)


def make_cuebook(
    cues: Sequence[Cue], windows: Mapping[str, Any], emoji: Mapping[str, Any], digest: str
) -> CueBook:
    """Lay the cues and windows into phrase books."""
    by_view: dict[str, list[tuple[int, Chain]]] = {view: [] for view in _VIEWS}
    for number, cue in enumerate(cues):
        by_view[cue.view] += [(number, chain) for chain in cue.chains]
    by_view["plain"] += [
        (len(cues) + int(window), chain)
        for window, patterns in _window_patterns(windows).items()
        for chain in _chains(window.name, patterns)
    ]
    return CueBook(
        cues=cues,
        plain=PhraseBook(by_view["plain"]),
        contact=PhraseBook(by_view["contact"]),
        reach={
            Window.NEGATOR: _reach(windows["negation"]),
            Window.DOUBT: _reach(windows["doubt"]),
            Window.ELSEWHERE: _reach(windows["elsewhere"]),
        },
        normaliser=_normaliser(windows, emoji),
        digest=digest,
    )


def _normaliser(windows: Mapping[str, Any], emoji: Mapping[str, Any]) -> Normaliser:
    letters = make_letters(
        {sign: kind for kind, signs in emoji["classes"].items() for sign in signs},
        emoji["contact"],
    )
    signs = {name: code for code, name in letters.names.items()}
    return Normaliser(
        letters,
        emoticons={
            name: signs[f"⟦{kind.upper()}⟧"]
            for kind, names in emoji["platform"].items()
            for name in names
        },
        shorthand=emoji["shorthand"],
        brand_words=windows["handle"]["brand_words"],
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
    negated, doubted = entry.get("negated"), entry.get("doubted")
    return Cue(
        name=name,
        argues=_effects(name, entry["argues"]),
        negated=None if negated is None else _effects(name, negated),
        doubted=None if doubted is None else _effects(name, doubted),
        flags=tuple(entry.get("flags", ())),
        view=view,
        chains=tuple(_chains(name, entry["patterns"])),
    )


def _chains(name: str, patterns: Sequence[str]) -> list[Chain]:
    try:
        return [chain for pattern in patterns for chain in spell_out(_with_signs(pattern))]
    except PatternError as error:
        raise CueFileError(f"{name}: {error}") from error


@lru_cache(maxsize=1)
def _class_signs() -> Mapping[str, str]:
    root = files("services.core.triage").joinpath("cues", "emoji.toml")
    kinds = tomllib.loads(root.read_text("utf-8"))["classes"]
    return {class_name(kind): chr(code) for kind, code in class_signs(kinds).items()}


def _with_signs(pattern: str) -> str:
    """Turn `⟦LOVE⟧` into the one letter that stands for it in folded text."""
    if "⟦" in pattern:
        for name, sign in _class_signs().items():
            pattern = pattern.replace(name, sign)
    return pattern


def _effects(name: str, table: Mapping[str, float]) -> Effects:
    if any(not 0 < weight < 1 for weight in table.values()):
        raise CueFileError(f"{name}: a weight lies between 0 and 1, both excluded")
    return tuple((effect, float(weight)) for effect, weight in table.items())


def _window_patterns(windows: Mapping[str, Any]) -> dict[Window, list[str]]:
    doubt = windows["doubt"]
    return {
        Window.NEGATOR: windows["negation"]["words"],
        Window.NO_NEGATOR: windows["negation"]["not_negators"],
        Window.DOUBT: doubt["words"],
        Window.TOLD: doubt["told"],
        Window.DOUBT_AFTER: doubt["words_after"],
        Window.ELSEWHERE: windows["elsewhere"]["words"],
        Window.QUIET: [word for kind in windows["quiet"].values() for word in kind],
    }


def _reach(table: Mapping[str, Any]) -> Reach:
    before = int(table["before"])
    return Reach(before, int(table.get("before_ascii", before * 2)), int(table.get("after", 0)))


def _toml_files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _toml_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield f"{prefix}{entry.name}", entry
