"""Looking through the real predictor: the tiny bundle looks at the quadrant of its class."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.schema import GRAPH, BundleInfo
from brainlens.bundle.write import write_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError
from brainlens.evaluation.looking import SELECTIONS, look

CLASSES = ("alpha", "beta", "gamma")
CORNERS = {"alpha": (0, 0), "beta": (0, 32), "gamma": (32, 0)}


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture
def make(tmp_path: Path, slice_png: Callable[..., bytes]) -> Callable[..., Row]:
    def row(
        label: str, name: str, at: str | None = None, shown: str = "", patient: str = ""
    ) -> Row:
        """Write a slice that shows ``shown`` and a mask in the quadrant of ``at``."""
        path, mask = tmp_path / f"{name}.png", tmp_path / f"{name}-mask.png"
        path.write_bytes(slice_png(CLASSES.index(shown or label), seed=len(name)))
        top, left = CORNERS[at or label]
        drawn = np.zeros((64, 64), np.uint8)
        drawn[top + 12 : top + 20, left + 12 : left + 20] = 255
        Image.fromarray(drawn).save(mask)
        return Row(path, label, name, mask=mask)

    return row


def test_a_model_that_looks_at_the_lesion_is_seen_to(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    told: list[tuple[int, int]] = []
    rows = [make(c, f"{c}{i}") for c in CLASSES for i in range(2)]
    found = look(
        bundle,
        Manifest(tmp_path, tuple(rows)),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(i + 1, 6) for i in range(6)]
    assert (found.n_slices, found.n_patients, found.grid) == (6, 6, (2, 2))
    assert list(found.localisation) == [*SELECTIONS, *CLASSES]
    hits = found.localisation["all"]
    assert hits["pointing"].value == 1
    assert hits["pointing"].interval == pytest.approx((0.025 ** (1 / 6), 1))
    assert hits["best_of_grid"].value == 1
    assert hits["energy"].value is not None
    # The mask is a 64th of the image; its quadrant holds nearly all of the heat.
    assert hits["energy"].value > 2 * 8 * 8 / (64 * 64)
    assert found.localisation["wrong"]["pointing"].value is None
    assert found.localisation["beta"]["pointing"].n_slices == 2
    assert found.decision_sha256 == bundle.info.decision_sha256
    assert found.lesion_grid is None
    assert found.to_dict()["lesion_localisation"] == {}


def test_a_model_that_looks_elsewhere_is_seen_to_as_well(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = (make("alpha", "a", at="beta"), make("alpha", "bb", at="gamma", shown="gamma"))
    found = look(bundle, Manifest(tmp_path, rows))
    assert found.localisation["correct"]["pointing"].value == 0
    assert found.localisation["wrong"]["pointing"].value == 1
    assert found.painting.conditions["whole"]["accuracy"].value == 0.5


def test_the_result_does_not_depend_on_workers_and_can_be_written(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    manifest = Manifest(tmp_path, tuple(make(c, f"{c}{i}") for c in CLASSES for i in range(2)))
    one = look(bundle, manifest, workers=1).to_dict()
    assert one == look(bundle, manifest, workers=3).to_dict()
    assert json.loads(json.dumps(one, allow_nan=False)) == one


def test_slices_that_cannot_take_part_are_counted(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    good, bare, empty, small, bad = (make("alpha", n) for n in ("g", "bare", "empty", "small", "x"))
    bare = replace(bare, mask=None)
    assert empty.mask is not None
    assert small.mask is not None
    Image.new("L", (64, 64)).save(empty.mask)
    Image.new("L", (10, 10)).save(small.mask)
    bad.path.write_bytes(b"no image")
    found = look(bundle, Manifest(tmp_path, (good, bare, empty, small, bad)))
    assert (found.n_slices, found.n_without_mask) == (1, 2)
    assert [path for path, _ in found.failures] == ["small.png", "x.png"]
    assert found.failures[0][1].startswith("bad_image: ")
    assert "small-mask.png: The mask has 10 x 10 pixels" in found.failures[0][1]
    with pytest.raises(DataError, match="No slice of the split test has a lesion mask"):
        look(bundle, Manifest(tmp_path, (bare,)))
    with pytest.raises(DataError, match=r"None of the 1 slices.*not_an_image"):
        look(bundle, Manifest(tmp_path, (bad,)))
    with pytest.raises(DataError, match="all empty"):
        look(bundle, Manifest(tmp_path, (empty,)))


def test_a_slice_without_a_map_points_nowhere_but_is_painted(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    from brainlens.inference.predictor import Predictor

    real = Predictor.look

    def rejecting(self: Predictor, slice_: object) -> object:
        answer, _ = real(self, slice_)  # type: ignore[arg-type]  # handed on as it came
        update = {"status": "rejected", "predicted_class": None, "probabilities": None}
        return answer.model_copy(update=update), None

    monkeypatch.setattr(Predictor, "look", rejecting)
    found = look(bundle, Manifest(tmp_path, (make("alpha", "a"), make("beta", "bb"))))
    assert (found.n_rejected, found.grid, found.n_silent) == (2, None, 0)
    assert found.localisation["all"]["pointing"].value is None
    assert found.painting.conditions["whole"]["accuracy"].value == 0


def test_a_lesion_map_has_figures_of_its_own(
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    tmp_path: Path,
    make: Callable[..., Row],
) -> None:
    # A map that marks what is bright, on a finer grid than that of the heat maps.
    model = onnx.load_from_string(tiny_files[GRAPH])
    model.graph.node.append(
        helper.make_node(
            "AveragePool", ["image"], ["lesion_map"], kernel_shape=[8, 8], strides=[8, 8]
        )
    )
    model.graph.output.append(
        helper.make_tensor_value_info("lesion_map", TensorProto.FLOAT, ["N", 1, 4, 4])
    )
    files = tiny_files | {GRAPH: model.SerializeToString()}
    write_bundle(tmp_path / "located", tiny_info, files)
    rows = tuple(make(c, f"{c}{i}") for c in CLASSES for i in range(2))
    # Slices of beta have their outline in another quadrant than the bright one.
    rows += (make("beta", "elsewhere", at="gamma"),)
    found = look(load_bundle(tmp_path / "located"), Manifest(tmp_path, rows))
    assert (found.grid, found.lesion_grid) == ((2, 2), (4, 4))
    of_all = found.lesion_localisation["all"]
    assert of_all["pointing_15px"].value == pytest.approx(6 / 7)
    assert of_all["best_of_grid_15px"].value == 1
    assert found.lesion_localisation["alpha"]["pointing_15px"].value == 1
    assert found.lesion_localisation["beta"]["pointing_15px"].value == pytest.approx(2 / 3)
    plain = found.to_dict()
    assert plain["lesion_grid"] == [4, 4]
    assert plain["lesion_localisation"]["all"]["energy"]["value"] == of_all["energy"].value
