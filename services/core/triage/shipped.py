"""The weights that come with the product: read from the package, written by training."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from services.core.triage.model import Weights

FILE = "weights.npz"
MANIFEST = "manifest.json"
# Changes whenever the same weights would say something else: folding, hashing, columns.
CODE_VERSION = "2"
_THE_SAME_FOR_ALL = (1980, 1, 1, 0, 0, 0)


def dump_weights(weights: Weights) -> bytes:
    """Give the bytes of a weights file; equal weights give equal bytes."""
    arrays: dict[str, Any] = {
        field.name: getattr(weights, field.name)
        for field in fields(weights)
        if field.name != "dense_names"
    }
    names = "\n".join(weights.dense_names).encode()
    arrays["dense_names"] = np.frombuffer(names, np.uint8)
    arrays["dense_weights"] = weights.dense_weights.astype(np.float16)
    return _pack(arrays)


def _pack(arrays: Mapping[str, Any]) -> bytes:
    """Write what `np.load` reads; what `np.savez` writes depends on the Python it runs on."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = BytesIO()
            np.lib.format.write_array(entry, array, version=(1, 0), allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy", _THE_SAME_FOR_ALL), entry.getvalue())
    return file.getvalue()


def read_weights(data: bytes) -> Weights:
    """Read what `dump_weights` gave; raises ValueError or KeyError on anything else."""
    with np.load(BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    names = arrays.pop("dense_names").tobytes().decode().split("\n")
    dense = arrays.pop("dense_weights").astype(np.float32)
    return Weights(**arrays, dense_names=tuple(names), dense_weights=dense)


def weights_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def load_weights() -> tuple[Weights, str]:
    """Read the packaged weights; gives them with the digest that names them."""
    data = files("services.core.triage").joinpath("weights", FILE).read_bytes()
    return read_weights(data), weights_digest(data)


def load_manifest() -> Mapping[str, Any]:
    """Read what is said of the packaged weights: data, code, figures."""
    text = files("services.core.triage").joinpath("weights", MANIFEST).read_text("utf-8")
    manifest: Mapping[str, Any] = json.loads(text)
    return manifest
