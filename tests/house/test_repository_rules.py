"""The house rules no linter knows."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

# It reads the source and runs none of it.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted((ROOT / "services").rglob("*.py"))
OURS_WITH_A_DOT = {".ci", ".pre-commit-config.yaml", ".dockerignore", ".env.example", ".gitignore"}
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".json", ".jsonl", ".txt", ".mako", ".tsv"}
TEXT |= {"", ".example", ".sh", ".ini", ".cfg", ".svg"}

FILE_LINES = 400
FUNCTION_LINES = 40
NESTING = 3
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)  # a `with` decides nothing

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:wor[k]|roo[t]|hom[e]|tm[p])/[\w.]")
INDEX_HOST = re.compile(
    r"pyp[i]\.org|pythonhoste[d]|npmj[s]\.(?:org|com)|(?:deb|security)\.debia[n]"
)
UNFINISHED = re.compile(r"\b(?<!no )(?:TOD[O]|FIXM[E]|XX[X])\b")


def our_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name == "__pycache__" or path.name.endswith(".egg-info"):
            continue
        if path.name.startswith(".") and path.name not in OURS_WITH_A_DOT:
            continue
        if path.is_dir() and path.name not in {"htmlcov", "dist", "build", "node_modules"}:
            yield from our_files(path)
        elif path.is_file() and path.suffix in TEXT:
            yield path


def matches(pattern: re.Pattern[str]) -> list[str]:
    texts = ((path, path.read_text(encoding="utf-8")) for path in our_files())
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path, text in texts
        # Nearly every file is without any: line by line only where there is one.
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@cache
def trees() -> dict[Path, ast.Module]:
    """The services, read once for all the rules about them."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SERVICES}


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """What a reader must hold in mind; parameters one a line and docstrings cost nothing."""
    said = ast.get_docstring(function, clean=False) is not None
    code = function.body[1:] if said else function.body
    return (function.end_lineno or 0) - code[0].lineno + 1 if code else 0


def depth(node: ast.AST) -> int:
    """Nested blocks; an elif is its if's sibling, not its child."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        is_elif = isinstance(child, ast.If) and isinstance(node, ast.If) and node.orelse == [child]
        deeper = isinstance(child, BLOCKS) and not is_elif
        deepest = max(deepest, depth(child) + deeper)
    return deepest


def test_the_rules_below_see_the_source() -> None:
    seen = set(our_files())
    assert {ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "requirements.lock"} <= seen
    assert {path for path in SERVICES if path.suffix in TEXT} <= seen


def test_no_file_of_the_services_outgrows_a_reader() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SERVICES}
    assert {str(path): n for path, n in lengths.items() if n > FILE_LINES} == {}


def test_no_function_outgrows_a_screen() -> None:
    lengths = {name: body_lines(function) for name, function in functions()}
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES} == {}


def test_no_function_nests_deeper_than_three() -> None:
    depths = {name: depth(function) for name, function in functions()}
    assert {name: n for name, n in depths.items() if n > NESTING} == {}


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, INDEX_HOST, UNFINISHED], ids=["a machine's path", "an index", "todo"]
)
def test_no_file_mentions(pattern: re.Pattern[str]) -> None:
    assert matches(pattern) == []


@pytest.mark.parametrize(
    "lock", [*ROOT.glob("*.lock"), *ROOT.glob("deploy/*.lock")], ids=lambda path: path.name
)
def test_a_lock_file_pins_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)


def test_only_the_unit_of_work_commits() -> None:
    commits = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]
    assert {place.rpartition(":")[0] for place in commits} <= {"services/core/kit/uow.py"}, commits
