"""Files as bodies: read by the rules of the HTTP interface, refused with the place and reason."""

import io
from pathlib import Path

import pytest
import typer
from typing_extensions import override

from services.api.schemas.policies import EXAMPLE, PolicyBody
from services.cli.bodies import agree, print_document, read_body, read_document
from services.cli.terminal import BadInputError, CommandError
from services.core.kit.errors import DomainError, InvalidInputError


def test_what_is_printed_can_be_read_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    print_document(EXAMPLE)
    file = tmp_path / "policy.json"
    file.write_text(capsys.readouterr().out)
    assert read_body(read_document(file), PolicyBody).name == "Launch week"


@pytest.mark.parametrize(
    ("written", "reason"),
    [("{", "not valid JSON"), ("", "is empty"), ('{"name": "A\\u0000"}', "is not valid")],
)
def test_what_is_no_body_is_refused_as_over_http(tmp_path: Path, written: str, reason: str) -> None:
    file = tmp_path / "body.json"
    file.write_text(written)
    with pytest.raises(DomainError, match=reason):
        read_document(file)


def test_a_file_that_is_not_there_or_too_large_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        read_document(tmp_path / "none.json")
    file = tmp_path / "large.json"
    file.write_bytes(b" " * (512 * 1024 + 1))
    with pytest.raises(BadInputError, match="larger than 512 KiB"):
        read_document(file)


def test_each_fault_is_told_with_its_place() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_body({"name": 1, "targets": {"urgent": 2}}, PolicyBody)
    pointers = {problem.pointer for problem in refused.value.errors}
    assert pointers >= {"/name", "/targets/urgent", "/targets/routine"}


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"percent": 95}')))
    assert read_document(Path("-")) == {"percent": 95}


class Terminal(io.StringIO):
    def __init__(self, typed: str, *, somebody: bool) -> None:
        super().__init__(typed)
        self._somebody = somebody

    @override
    def isatty(self) -> bool:
        return self._somebody


def test_nobody_is_asked_where_nobody_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("", somebody=False))
    agree("Really?", yes=True)
    with pytest.raises(CommandError, match=r"Really\? Say so with --yes\."):
        agree("Really?", yes=False)


def test_somebody_is_asked_and_may_say_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\nn\n", somebody=True))
    agree("Really?", yes=False)
    with pytest.raises(typer.Abort):
        agree("Really?", yes=False)
