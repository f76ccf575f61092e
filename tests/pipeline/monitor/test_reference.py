from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle import BundleInfo, load_bundle, write_bundle
from brainlens.bundle.curves import Curves, RiskRow
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import GATES
from brainlens.bundle.tensors import write_tensors
from brainlens.pipeline.monitor.reference import Reference, references


def curves(decision_sha256: str, **changed: object) -> Curves:
    rows = ((0.0, 0.8), (0.5, 0.6), (0.7, 0.4), (0.9, 0.2))
    values: dict[str, object] = {
        "split": "test",
        "protocol": "given",
        "data": "Quadrants",
        "n_slices": 200,
        "decision_sha256": decision_sha256,
        "risk": tuple(RiskRow(threshold=t, answer_rate=r) for t, r in rows),
        "confusion": ((10, 2, 0, 1), (0, 6, 0, 0), (0, 2, 0, 3)),
    }
    return Curves.model_validate({**values, **changed})


def measured(tiny_bundle: Path, out: Path, *found: Curves) -> Reference:
    return Reference.of(revise(load_bundle(tiny_bundle), out, curves=found))


def test_what_was_measured_with_the_file_itself(tiny_bundle: Path, tmp_path: Path) -> None:
    own = load_bundle(tiny_bundle).info.decision_sha256

    found = measured(
        tiny_bundle,
        tmp_path / "b",
        curves("0" * 64, data="other weights"),
        curves(own, split="val", data="validation"),
        curves(own),
    )

    assert (found.name, found.decision_sha256, found.data) == ("tiny", own, "Quadrants")
    assert found.n_slices == 200
    # Of the slices that the threshold decides on: gates hold back a fifth.
    assert dict(found.above) == pytest.approx({0.0: 1.0, 0.5: 0.75, 0.7: 0.5, 0.9: 0.25})
    assert found.answer_rate == 0.4
    assert found.classes == pytest.approx({"alpha": 0.5, "beta": 0.5, "gamma": 0.0})
    assert found.distances == ()


def test_a_bundle_that_carries_nothing(tiny_bundle: Path) -> None:
    found = Reference.of(load_bundle(tiny_bundle))

    assert (found.above, found.classes, found.distances) == ((), {}, ())
    assert (found.n_slices, found.answer_rate) == (0, None)


@pytest.mark.parametrize(
    "changed", [{"risk": (), "confusion": ()}, {"risk": (RiskRow(threshold=0.5, answer_rate=1),)}]
)
def test_curves_that_do_not_begin_at_all_slices_are_none(
    tiny_bundle: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    own = load_bundle(tiny_bundle).info.decision_sha256

    assert measured(tiny_bundle, tmp_path / "b", curves(own, **changed)).above == ()


def test_distances_come_with_the_gates(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    quantiles = np.linspace(0.5, 2, 5, dtype=np.float32)
    files = {**tiny_files, GATES: write_tensors({"embedding.reference": quantiles})}
    write_bundle(tmp_path / "b", tiny_info, files)

    (found,) = references([tmp_path / "b"]).values()

    assert found.distances == tuple(quantiles.tolist())
