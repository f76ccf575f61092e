"""Gates fitted to the quadrant network of the tiny bundle."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle import load_bundle, revise
from brainlens.bundle.schema import GATES, StartWeights
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, StorageError, UsageError
from brainlens.evaluation.gate_view import AS_THEY_ARE, CHANGED_TOO
from brainlens.inference import Predictor
from brainlens.pipeline.gates import give_gates
from brainlens.pipeline.monitor.reference import Reference


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory, slice_png: Callable[..., bytes]) -> Manifest:
    """Slices of one bright quadrant, four a patient, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("slices")
    rows = []
    for split, n in (("train", 60), ("val", 120), ("test", 12)):
        for i in range(n):
            path = folder / f"{split}-{i}.png"
            path.write_bytes(slice_png(i % 3, seed=i + 1000 * n))
            label = ("alpha", "beta", "gamma")[i % 3]
            rows.append(Row(path, label, f"{split}-{i // 4}", split=split))
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    rows.append(Row(folder / "damaged.png", "alpha", "x", split="val"))
    return Manifest(folder, tuple(rows))


def test_a_bundle_with_gates_knows_its_own_from_others(
    slices: Manifest, tiny_bundle: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    bundle = load_bundle(tiny_bundle)
    made = give_gates(
        bundle, slices, tmp_path / "gated", progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (180, 181)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert made.depths == ("embedding", "thumbnail")
    assert (made.fit.n_slices, made.fit.n_groups) == (120, 30)
    assert 1 <= made.fit.objections <= 2
    assert GATES in made.bundle.names
    assert made.bundle.info.decision_sha256 != bundle.info.decision_sha256
    predictor = Predictor(load_bundle(tmp_path / "gated"))
    tests = [row.path for row in slices.rows if row.split == "test"]
    assert sum(predictor.predict(path).status == "answered" for path in tests) >= 11
    photo = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    assert predictor.predict(tmp_path / "photo.png").reasons == ("not_brain_mr",)
    Image.fromarray(photo[..., 0]).save(tmp_path / "noise.png")
    answer = predictor.predict(tmp_path / "noise.png")
    assert answer.status != "answered"
    assert {"not_brain_mr", "out_of_distribution"} & set(answer.reasons)


def test_where_weights_began_elsewhere_the_embedding_measures_nothing(
    slices: Manifest, tiny_bundle: Path, tmp_path: Path
) -> None:
    tiny = load_bundle(tiny_bundle)
    training = tiny.info.training.model_copy(update={"start": StartWeights(title="Shapes")})
    begun = revise(tiny, tmp_path / "begun", training=training.model_dump(mode="json"))
    made = give_gates(begun, slices, tmp_path / "gated")
    assert made.depths == ("thumbnail",)
    assert [gate["gate"] for gate in made.bundle.info.gates] == ["image_sanity", "distance"]
    # The one distance there is is told, and kept to hold a service's against.
    answer = Predictor(made.bundle).predict(slices.rows[-2].path)
    assert answer.distance is not None
    assert answer.distance < 2
    assert len(Reference.of(made.bundle).distances) == 101


def test_gates_take_slices_for_its_own_as_the_preset_trains_on_them(
    slices: Manifest, tiny_bundle: Path, tmp_path: Path
) -> None:
    tiny = load_bundle(tiny_bundle)
    assert give_gates(tiny, slices, tmp_path / "plain").views == AS_THEY_ARE
    training = tiny.info.training.model_copy(update={"preset": "guided"})
    guided = revise(tiny, tmp_path / "guided", training=training.model_dump(mode="json"))
    made = give_gates(guided, slices, tmp_path / "gated")
    assert made.views == CHANGED_TOO
    assert [gate.get("views") for gate in made.bundle.info.gates] == [None, 2, 2]
    # The rate is of slices as they are.
    assert made.fit.n_slices == 120
    assert made.fit.objections <= 2
    chosen = give_gates(guided, slices, tmp_path / "chosen", views=AS_THEY_ARE)
    assert "views" not in chosen.bundle.info.gates[1]


def test_missing_splits_are_named(slices: Manifest, tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    for split in ("train", "val"):
        rest = slices.with_rows(row for row in slices.rows if row.split != split)
        with pytest.raises(DataError, match=f"no split {split}"):
            give_gates(bundle, rest, tmp_path / "none")
    only_damaged = slices.with_rows(
        row for row in slices.rows if row.split != "val" or row.path.name == "damaged.png"
    )
    with pytest.raises(DataError, match="None of the slices can be read"):
        give_gates(bundle, only_damaged, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_bundle_is_not_overwritten(slices: Manifest, tiny_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="exists"):
        give_gates(load_bundle(tiny_bundle), slices, tmp_path / "there")


def test_a_file_that_went_away_is_named(
    slices: Manifest, tiny_bundle: Path, tmp_path: Path
) -> None:
    gone = slices.with_rows([*slices.rows, Row(tmp_path / "gone.png", "alpha", "y", split="val")])
    with pytest.raises(StorageError, match=r"gone\.png"):
        give_gates(load_bundle(tiny_bundle), gone, tmp_path / "none")
