"""The two fits behind the weights, in plain numpy and float64: a ridge and a small softmax.

The ridge has a closed form, and so has what it would have said of rows it had not seen: leaving
out any group of rows needs no second fit. Both come out the same on any machine, up to errors
far below the step of the bytes the weights are kept in.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Indices = NDArray[np.int64]

_SOFTMAX_TURNS = 300


def kernel_of_runs(owner: Indices, columns: Indices, values: Matrix, count: int) -> Matrix:
    """Multiply a sparse matrix, given entry by entry in the rows' order, by its transpose."""
    order = np.argsort(columns, kind="stable")
    rows, shares = owner[order], values[order]
    sizes = np.bincount(columns)
    begins = np.cumsum(sizes) - sizes
    row_ends = np.searchsorted(owner, np.arange(count + 1))
    kernel = np.zeros((count, count))
    for row in range(count):
        mine = slice(row_ends[row], row_ends[row + 1])
        lengths = sizes[columns[mine]]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        met = np.repeat(begins[columns[mine]], lengths) + within
        weights = np.repeat(values[mine], lengths) * shares[met]
        kernel[row] = np.bincount(rows[met], weights, minlength=count)
    return kernel


def ridge(kernel: Matrix, targets: Matrix, penalty: float) -> tuple[Matrix, Matrix]:
    """Give the share of every row in the weights, and the inverse that leaving out needs."""
    inverse = np.linalg.inv(kernel + penalty * np.eye(len(kernel))).astype(np.float64)
    return inverse @ targets, inverse


def left_out(shares: Matrix, inverse: Matrix, targets: Matrix, groups: Sequence[Indices]) -> Matrix:
    """Give what the ridge says of each group's rows when it is fitted without that group."""
    said = np.empty_like(targets)
    for group in groups:
        block = inverse[np.ix_(group, group)]
        said[group] = targets[group] - np.linalg.solve(block, shares[group])
    return said


def softmax_fit(inputs: Matrix, classes: Indices, count: int, penalty: float) -> Matrix:
    """Fit a softmax over inputs (a last column of ones is added); gives one column a class.

    Newton's steps with a fixed bound of the curvature: each is sure to improve.
    """
    rows = np.hstack((inputs, np.ones((len(inputs), 1))))
    wanted = np.eye(count)[classes]
    ease = np.full(rows.shape[1], penalty)
    ease[-1] = 1e-6
    step = np.linalg.inv(0.5 * rows.T @ rows + np.diag(ease))
    fitted = np.zeros((rows.shape[1], count))
    for _ in range(_SOFTMAX_TURNS):
        slope = rows.T @ (softmax(rows @ fitted) - wanted) + ease[:, None] * fitted
        fitted -= step @ slope
    return fitted


def softmax(finals: Matrix) -> Matrix:
    powers = np.exp(finals - finals.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares
