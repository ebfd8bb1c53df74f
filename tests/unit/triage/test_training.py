"""The fits behind the weights, and the files they are written to."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from services.core.triage.columns import Columns
from services.core.triage.context import Traits
from services.core.triage.cuebook import load_cuebook
from services.core.triage.evidence import Evidence
from services.core.triage.model import OUTPUTS
from services.core.triage.senses import DIRECTIONS, Senses, load_senses, make_senses
from services.core.triage.shipped import (
    dump_weights,
    load_manifest,
    load_weights,
    read_weights,
    weights_digest,
)
from services.core.triage.training import produce
from services.core.triage.training.corpus import Row, load_corpus
from services.core.triage.training.fit import Fit, fit
from services.core.triage.training.report import BEGIN, END, put_into, report
from services.core.triage.training.solve import (
    kernel_of_runs,
    left_out,
    ridge,
    softmax,
    softmax_fit,
)

MOST_BYTES = 5_000_000
some = load_corpus()[::12]


def fitted(rows: list[Row]) -> Fit:
    book, senses = load_cuebook(), load_senses()
    evidence = Evidence([row.message for row in rows], book, Traits(book))
    return fit(rows, evidence, Columns(book), senses)


def test_a_sparse_kernel_is_the_product_of_the_rows() -> None:
    draw = np.random.default_rng(1)
    dense = draw.random((6, 9)) * (draw.random((6, 9)) > 0.5)
    owner, columns = np.nonzero(dense)
    kernel = kernel_of_runs(owner, columns, dense[owner, columns], 6)
    assert kernel == pytest.approx(dense @ dense.T)


def test_leaving_a_group_out_is_fitting_without_it() -> None:
    draw = np.random.default_rng(2)
    rows, targets = draw.random((12, 5)), draw.random((12, 2))
    kernel = rows @ rows.T
    group = np.array([1, 4, 7])
    shares, inverse = ridge(kernel, targets, 0.5)
    said = left_out(shares, inverse, targets, [group, np.setdiff1d(np.arange(12), group)])
    rest = np.setdiff1d(np.arange(12), group)
    again, _ = ridge(kernel[np.ix_(rest, rest)], targets[rest], 0.5)
    assert said[group] == pytest.approx(kernel[np.ix_(group, rest)] @ again)


def test_a_softmax_comes_to_say_what_is_true_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    inputs = draw.normal(size=(4_000, 1))
    truth = (draw.random(4_000) < softmax(np.hstack((inputs * 2, -inputs)))[:, 0]).astype(int)
    weights = softmax_fit(inputs, truth, 2, 1e-3)
    said = softmax(inputs @ weights[:-1] + weights[-1])[:, 1]
    for low in (0.2, 0.4, 0.6, 0.8):
        inside = (said >= low - 0.1) & (said < low + 0.1)
        assert truth[inside].mean() == pytest.approx(said[inside].mean(), abs=0.06)


def test_the_same_rows_give_the_same_bytes_and_another_label_gives_others() -> None:
    one, other = fitted(some), fitted(some)
    assert dump_weights(one.weights) == dump_weights(other.weights)
    changed = [
        Row(row.id, row.message, row.trade, row.lang, row.hard, row.author, dict(row.labels))
        for row in some
    ]
    changed[0].labels["sentiment"] = (
        "neutral" if changed[0].labels["sentiment"] != "neutral" else "positive"
    )
    assert dump_weights(fitted(changed).weights) != dump_weights(one.weights)


def test_weights_survive_their_file() -> None:
    weights, digest = load_weights()
    data = dump_weights(weights)
    again = read_weights(data)
    assert weights_digest(data) == digest == load_manifest()["weights"]
    assert again.dense_names == weights.dense_names
    assert (again.gram_weights == weights.gram_weights).all()
    assert again.final.shape == (OUTPUTS, OUTPUTS)


def test_a_file_that_holds_no_weights_is_refused() -> None:
    with pytest.raises((ValueError, KeyError)):
        read_weights(b"no weights")


def test_the_shipped_files_are_small_and_carry_their_figures() -> None:
    manifest = load_manifest()
    assert manifest["bytes"] + manifest["senses"]["bytes"] < MOST_BYTES
    figures = manifest["figures_with_the_trade_left_out"]
    assert figures["tier_accuracy"] > 0.84
    assert figures["urgent_recall"] > 0.9
    assert figures["crisis_in_urgent"] > 0.99
    assert figures["hide_precision"] > 0.97


def test_training_writes_the_weights_the_manifest_and_the_report(tmp_path: Path) -> None:
    trained = produce.train(some)
    weights, manifest = produce.write(trained, tmp_path)
    said = json.loads(manifest.read_text("utf-8"))
    assert said["weights"] == weights_digest(weights.read_bytes())
    assert said["corpus"]["rows"] == len(some)
    text = report(trained)
    assert text == report(trained)
    for part in ("By trade", "By language", "By hard kind", "Confusion: tier", "Calibration"):
        assert part in text
    assert "Mistakes that remain" in text


def test_figures_are_put_between_their_marks_and_nowhere_else() -> None:
    assert put_into(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\nnew\n{END}\nb"
    with pytest.raises(ValueError, match="has no"):
        put_into("a", "new")


def test_a_word_nobody_knows_has_no_sense_and_kin_have_kindred_ones() -> None:
    draw = np.random.default_rng(4)
    words = [f"w{at}" for at in range(40)]
    vectors = draw.normal(size=(40, 64))
    vectors[1] = vectors[0] + 0.01
    table = np.load(BytesIO(make_senses(words, vectors)))
    assert table["vectors"].shape == (40, DIRECTIONS)
    assert np.abs(table["vectors"][0].astype(int) - table["vectors"][1]).max() <= 2
    senses = Senses(words, table["vectors"])
    assert not senses.means(np.zeros(0, np.int64), np.zeros(0, np.int32), 2).any()
