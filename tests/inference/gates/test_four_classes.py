"""A model that knows heads without a lesion may name that class, whatever the gate's sign says."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from brainlens.bundle import BundleInfo, load_bundle, write_bundle
from brainlens.bundle.schema import GATES, GRAPH
from brainlens.bundle.tensors import write_tensors
from brainlens.datasets.phantom import write_phantoms
from brainlens.inference import Predictor

BLIND = {"gate": "lesion_sign", "depths": "embedding", "abstain_below": 0.0}
"""A sign that is never there."""


def test_on_a_phantom_set_of_four_classes_the_gate_gives_way_to_the_one_without_a_lesion(
    tmp_path: Path,
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    quadrant_graph: Callable[..., bytes],
) -> None:
    phantoms = write_phantoms(tmp_path / "set", 88, 1, size=32, no_lesion=True)
    roles = {c.id: c.role for c in phantoms.classes}
    assert sorted(roles.values()) == ["lesion"] * 3 + ["no_lesion"]
    info = tiny_info.model_copy(update={"classes": phantoms.classes, "gates": (BLIND,)})
    never = {
        "lesion_sign.weights": np.zeros(4, np.float32),
        "lesion_sign.bias": np.array([-1], np.float32),
    }
    files = {**tiny_files, GRAPH: quadrant_graph(n_classes=4), GATES: write_tensors(never)}
    write_bundle(tmp_path / "b", info, files)
    predictor = Predictor(load_bundle(tmp_path / "b"), threads=1)
    named: Counter[str] = Counter()
    for row in phantoms.rows:
        answer = predictor.predict(row.path, threshold=0.0, allow_lower=True)
        assert answer.predicted_class is not None
        role = roles[answer.predicted_class]
        named[role] += 1
        expected = ("answered", ()) if role == "no_lesion" else ("abstained", ("no_lesion_seen",))
        assert (answer.status, answer.reasons) == expected
    assert min(named["lesion"], named["no_lesion"]) > 0
