import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.triage import app

LABELS = {"tier": "urgent", "category": "product_question", "sentiment": "neutral"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def sample_file(tmp_path: Path) -> Path:
    rows = [
        {"id": "b", "kind": "comment", "text": "这条裙子多少米", "lang": "zh"},
        {"id": "a", "kind": "dm", "text": "谢谢\ud83d", "lang": "zh"},
    ]
    file = tmp_path / "sample.jsonl"
    file.write_text("\n".join(json.dumps(row | LABELS) for row in rows), encoding="utf-8")
    return file


def test_predict_writes_one_line_a_message_in_order_and_nothing_else(sample_file: Path) -> None:
    result = run("predict", str(sample_file))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [line["id"] for line in lines] == ["b", "a"]
    assert [line["needs_reply"] for line in lines] == [True, False]


def test_predict_reads_no_labels(tmp_path: Path) -> None:
    file = tmp_path / "unlabelled.jsonl"
    file.write_text('{"id": "x", "kind": "comment", "text": "求链接", "lang": "zh"}\n', "utf-8")
    assert json.loads(run("predict", str(file)).stdout)["category"] == "product_question"


def test_eval_prints_tables_for_people(sample_file: Path) -> None:
    result = run("eval", str(sample_file))
    assert result.exit_code == 0
    assert "tier: accuracy 0.500" in result.stdout
    assert "truth down" in result.stdout


def test_eval_prints_json_for_machines(sample_file: Path) -> None:
    report = json.loads(run("eval", str(sample_file), "--json").stdout)
    assert set(report) == {"tier", "category", "sentiment", "promises"}
    assert report["promises"]["urgent_recall"] == 0.5
    assert report["tier"]["accuracy"] == 0.5
    assert report["tier"]["confusion"]["urgent"] == {"routine": 1, "urgent": 1}
    assert set(report["tier"]["classes"]["urgent"]) == {"precision", "recall", "f1", "support"}


def test_explain_shows_the_decision_and_its_words() -> None:
    result = run("explain", "快递十天了还没到，到底发没发 \ud83d", "--kind", "dm")
    assert result.exit_code == 0
    assert "complaint" in result.stdout
    assert "还没到" in result.stdout
    assert "shipping_delay" in result.stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file"),
        (b'{"id": "a", "text": "b"}\n{bad', "line 2 is not JSON"),
        (b"\xff\xfe", "codec"),
        (b"", "no message in it"),
    ],
)
def test_bad_input_is_a_sentence_on_stderr_and_exit_code_two(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "bad.jsonl"
    if content is not None:
        file.write_bytes(content)
    command = "eval" if content == b"" else "predict"
    result = run(command, str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "".join(sentence.split()) in "".join(result.stderr.split())


def test_eval_names_the_line_that_lacks_its_labels(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"id": "a", "text": "b"}\n', "utf-8")
    result = run("eval", str(file))
    assert result.exit_code == 2
    assert "line 1 has no tier" in result.stderr
