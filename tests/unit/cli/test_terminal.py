"""Expected failures are sentences with an exit code; faults of ours keep their trace."""

import pytest
from pydantic import ValidationError

from services.cli.embedded.process import EmbeddedServerError
from services.cli.terminal import BadInputError, CommandError, explained
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.settings import Settings


@pytest.mark.parametrize(
    ("error", "sentence", "code"),
    [
        (CommandError("Nothing runs here."), "Nothing runs here.", 1),
        (BadInputError("That is no time."), "That is no time.", 2),
        (NotFoundError("delivery"), "No such delivery.", 1),
        (InvalidInputError("A key expires in the future."), "A key expires in the future.", 2),
        (
            InvalidInputError("No.", errors=[FieldProblem("/config/port", "wrong", "A port.")]),
            "No. (config/port: A port.)",
            2,
        ),
        (InvalidInputError("No.", errors=[FieldProblem("", "nul", "A NUL.")]), "No. (A NUL.)", 2),
        (EmbeddedServerError("No wheel."), "No wheel.", 1),
        (ConnectionRefusedError(111, "refused"), "Nothing answers", 1),
        (FileNotFoundError(2, "No such file", "a.txt"), "No such file (a.txt).", 1),
    ],
)
def test_expected_failures_are_sentences(error: Exception, sentence: str, code: int) -> None:
    told = explained(error)
    assert told is not None
    assert sentence in str(told)
    assert told.exit_code == code


def test_a_wrong_setting_is_named_but_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE__API__PORT", "hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings()
    told = explained(caught.value)
    assert told is not None
    assert "WARMLINE__API__PORT" in str(told)
    assert "hunter2" not in str(told)
    assert told.exit_code == 2


def test_a_fault_of_ours_is_not_explained_away() -> None:
    assert explained(KeyError("forgotten")) is None
