"""The guide for front ends as a test reads it: its commands, the answers it shows, its calls."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self
from uuid import UUID

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "api.md", *sorted((DOCS / "api").glob("*.md"))]
BASH = shutil.which("bash") if shutil.which("curl") else None
PATIENCE = 60
LONGEST_ANSWER = 16_000_000

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)`")
_PLACE = re.compile(r"\{[^}]*\}")
# What a shell would hardly say by itself: the end of one command's words.
_END = "\x1e"


@dataclass(frozen=True, slots=True)
class Step:
    """Commands of one block, and the answer shown right below, if one is."""

    script: str
    language: str | None = None
    shown: str = ""

    @property
    def calls(self) -> int:
        return len(re.findall(r"\bcurl ", self.script))

    @property
    def refusal(self) -> bool:
        """Whether the page says that this is refused."""
        return self.language == "json" and '"code"' in self.shown

    def differences(self, said: str) -> list[str]:
        """Where the answer is not what the page shows; what it leaves out may be anything."""
        if self.language == "json":
            return list(differences(json.loads(self.shown), documents(said)[-1]))
        lines = said.splitlines()
        return [
            f"no line like {line!r}"
            for line in self.shown.splitlines()
            if not any(_fits(line, each) for each in lines)
        ]


def steps(page: Path) -> Iterator[Step]:
    """`json` and `text` right after a block of commands show what the last of them answers."""
    before: Step | None = None
    ended = 0
    text = page.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        language, inside = block.groups()
        follows = before is not None and not text[ended : block.start()].strip()
        if language == "bash":
            if before is not None:
                yield before
            before = Step(inside)
        elif follows and before is not None and language in {"json", "text"}:
            before = Step(before.script, language, inside)
        ended = block.end()
    if before is not None:
        yield before


def operations_named(text: str) -> set[str]:
    """`GET /v1/cases/{}`: every call a text names in backticks, whatever it calls the ids."""
    return {f"{method} {_PLACE.sub('{}', path)}" for method, path in _NAMED.findall(text)}


def named_on(page: Path) -> set[str]:
    return operations_named(page.read_text(encoding="utf-8"))


def plain(operation: str) -> str:
    return _PLACE.sub("{}", operation)


def documents(text: str) -> list[Any]:
    """The JSON documents curl wrote one after the other."""
    found, rest, decoder = [], text.strip(), json.JSONDecoder()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


def differences(shown: Any, found: Any, at: str = "") -> Iterator[str]:
    """Ids and times are alike when both are ids or times; `…` stands for any text."""
    if isinstance(shown, dict) and isinstance(found, dict):
        for name, value in shown.items():
            if name in found:
                yield from differences(value, found[name], f"{at}/{name}")
            else:
                yield f"{at}/{name} is not there"
    elif isinstance(shown, list) and isinstance(found, list):
        for place, value in enumerate(shown):
            if not any(not list(differences(value, each)) for each in found):
                yield f"{at}/{place}: nothing like {value} in {found}"
    elif isinstance(shown, str) and isinstance(found, str):
        if not _fits(shown, found):
            yield f"{at}: {found!r} instead of {shown!r}"
    elif isinstance(shown, bool) != isinstance(found, bool) or shown != found:
        yield f"{at}: {found!r} instead of {shown!r}"


def _fits(shown: str, found: str) -> bool:
    if shown == found or (_kind(shown) is not str and _kind(shown) is _kind(found)):
        return True
    pattern = re.sub(r"([*?[])", r"[\1]", shown).replace("…", "*")
    return fnmatchcase(found, pattern)


def _kind(text: str) -> type:
    for kind, read in ((UUID, UUID), (datetime, datetime.fromisoformat)):
        try:
            read(text)
        except ValueError:
            continue
        return kind
    return str


class Shell:
    """One bash for a page, so that what a command keeps is there for the next."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls, folder: Path, **names: str) -> Self:
        return cls(
            await asyncio.create_subprocess_exec(
                BASH or "bash",
                "-euo",
                "pipefail",
                "-s",
                # Nothing of the shell's own: a proxy set there would take the request elsewhere.
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | names,
                cwd=folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=LONGEST_ANSWER,
            )
        )

    async def run(self, script: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # In braces, so that no command of the block reads the next one as its input.
        self._process.stdin.write(f"{{\n{script}\n}} </dev/null\nprintf '{_END}'\n".encode())
        await self._process.stdin.drain()
        try:
            async with asyncio.timeout(PATIENCE):
                said = await self._process.stdout.readuntil(_END.encode())
        except asyncio.IncompleteReadError as error:
            raise AssertionError(f"{script}\n{error.partial.decode()}") from error
        return said.decode().removesuffix(_END)

    async def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            await self._process.wait()
