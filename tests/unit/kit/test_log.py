"""A line of the log is one JSON object, short, and without what somebody wrote."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.core.kit import log


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_has_its_time_level_and_correlation_id(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("t").info("case.opened", case_id="c-1")
    (line,) = lines(capsys)
    assert line["event"] == "case.opened"
    assert (line["level"], line["request_id"], line["case_id"]) == ("info", "r-1", "c-1")
    assert str(line["at"]).endswith("Z")


def test_an_exception_is_named_and_placed_but_not_quoted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise ValueError("what a follower wrote") from KeyError("hush")

    log.configure()
    try:
        fail()
    except ValueError:
        structlog.get_logger("t").exception("worker.failed")
    (line,) = lines(capsys)
    assert (line["exception"], line["cause"]) == ("builtins.ValueError", "builtins.KeyError")
    assert "test_log.py" in str(line["frames"])
    assert "follower wrote" not in str(line)
    assert "hush" not in str(line)


def test_a_long_field_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    structlog.get_logger("t").info("x", field="y" * 10_000)
    (line,) = lines(capsys)
    assert len(str(line["field"])) == log.MAX_FIELD_CHARACTERS


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(level="warning")
    structlog.get_logger("t").info("x")
    logging.getLogger("library").info("x")
    assert lines(capsys) == []


def test_libraries_speak_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    logging.getLogger("uvicorn.error").warning("reloading %s", "now")
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("reloading now", "warning")


def test_people_get_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(json_lines=False)
    structlog.get_logger("t").info("case.opened", case_id="c-1")
    shown = capsys.readouterr().err
    assert "case.opened" in shown
    assert not shown.startswith("{")


def test_libraries_that_name_addresses_keep_them_to_themselves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(level="INFO")
    logging.getLogger("httpx").info("HTTP Request: POST https://robot.example/secret")
    assert capsys.readouterr().err == ""


def test_a_library_that_repeats_addresses_with_their_tokens_is_not_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(level="DEBUG")
    logging.getLogger("apprise").critical("Could not load URL: %s", "tgram://a-token")
    assert lines(capsys) == []
