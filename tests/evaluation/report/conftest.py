"""A small data set with masks, measured once."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.manifest import Manifest, Row
from brainlens.evaluation.evaluate import evaluate
from brainlens.evaluation.report.findings import Findings

CLASSES = ("alpha", "beta", "gamma")


def _mask(side: int = 64) -> bytes:
    pixels = np.zeros((side, side), np.uint8)
    pixels[5:20, 5:20] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture(scope="session")
def data(
    tmp_path_factory: pytest.TempPathFactory,
    slice_png: Callable[..., bytes],
    ambiguous_png: bytes,
) -> Manifest:
    """Return 13 slices of 7 patients; the tiny bundle is wrong about two, unsure of one."""
    root = tmp_path_factory.mktemp("data")
    (root / "mask.png").write_bytes(_mask())
    rows = []
    for i in range(12):
        shown = i % 3
        label = CLASSES[shown] if i < 10 else CLASSES[(shown + 1) % 3]
        path = root / f"{label}" / f"{i} <b>.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(slice_png(shown, seed=30 + i))
        rows.append(Row(path, label, patient=f"p{i // 2}", split="test", mask=root / "mask.png"))
    unsure = root / "beta" / "unsure.png"
    unsure.write_bytes(ambiguous_png)
    rows.append(Row(unsure, "beta", patient="p9", split="test"))
    train = root / "train.png"
    train.write_bytes(slice_png(2, seed=99))
    rows.append(Row(train, "gamma", patient="p8", split="train"))
    return with_hashes(Manifest(root, tuple(rows)))


@pytest.fixture(scope="session")
def findings(bundle: Bundle, data: Manifest) -> Findings:
    return Findings(evaluate(bundle, data, workers=1), bundle, data)


@pytest.fixture
def bare(findings: Findings) -> Findings:
    """Return the same outcomes without model and data."""
    return replace(findings, bundle=None, manifest=None)
