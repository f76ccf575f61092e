"""Gates of real bundles: the quadrant network, whose embedding is four mean brightnesses."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainlens.bundle import BundleInfo, load_bundle, write_bundle
from brainlens.bundle.schema import GATES
from brainlens.bundle.tensors import write_tensors
from brainlens.errors import BundleInvalid
from brainlens.imaging import Slice
from brainlens.inference import Answer, Predictor

Make = Callable[..., bytes]
Build = Callable[..., Predictor]

# Around embeddings in which one quadrant is bright, loosely.
CENTRE = {
    "embedding.mean": np.full(4, 0.25, np.float32),
    "embedding.scale": np.full(4, 0.25, np.float32),
    "embedding.axes": np.array([[0.5, 0.5, 0.5, 0.5]], np.float32),
    "embedding.rest": np.array([1.5], np.float32),
}
DISTANCE = {"gate": "distance", "depth": "embedding", "abstain_above": 1.5, "reject_above": 2.5}
# A sign of a lesion is brightness in the first quadrant.
SIGN_TENSORS = {
    "lesion_sign.weights": np.array([1, 0, 0, 0], np.float32),
    "lesion_sign.bias": np.array([-0.5], np.float32),
}
SIGN = {"gate": "lesion_sign", "depths": "embedding", "abstain_below": 0.0}
SANITY = {"gate": "image_sanity", "max_aspect": 3.0, "max_colour": 0.1, "min_side": 48}


@pytest.fixture
def build(tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]) -> Build:
    def make(
        *records: Mapping[str, Any],
        tensors: Mapping[str, NDArray[np.float32]] | None = None,
        info: BundleInfo = tiny_info,
    ) -> Predictor:
        files = dict(tiny_files)
        if tensors is not None:
            files[GATES] = write_tensors(tensors)
        gated = BundleInfo.model_validate({**info.model_dump(by_alias=True), "gates": records})
        write_bundle(tmp_path / "b", gated, files)
        return Predictor(load_bundle(tmp_path / "b"), threads=1)

    return make


def _ask(predictor: Predictor, pixels: NDArray[np.floating]) -> Answer:
    return predictor.predict_slice(Slice(pixels.astype(np.uint8), "png"), explain=True)


def _quadrants(*levels: int) -> NDArray[np.float64]:
    return np.kron(np.array(levels).reshape(2, 2), np.ones((32, 32)))


def test_a_rejected_answer_names_nothing(build: Build, slice_png: Make) -> None:
    predictor = build(SANITY)
    assert predictor.predict(slice_png(0)).status == "answered"
    answer = _ask(predictor, np.zeros((20, 200)))
    assert (answer.status, answer.reasons) == ("rejected", ("not_brain_mr",))
    nothing = ("predicted_class", "display_name", "confidence", "probabilities", "prediction_set")
    assert [getattr(answer, name) for name in (*nothing, "explanation")] == [None] * 6
    assert answer.message["en"].endswith("The image does not look like an MR slice of a brain.")
    # The network was not asked at all.
    assert "inference" not in answer.timings_ms
    assert predictor.heat_maps(Slice(np.zeros((20, 200), np.uint8), "png"))[1] == ()


def test_poor_quality_is_abstained_from_and_still_answered_in_numbers(build: Build) -> None:
    answer = _ask(build(SANITY), np.kron([[230, 0], [0, 0]], np.ones((20, 20))))
    assert (answer.status, answer.reasons) == ("abstained", ("poor_quality",))
    assert answer.predicted_class == "alpha"
    assert answer.confidence is not None
    assert answer.confidence > 0.9
    assert answer.explanation is not None


def test_distance_abstains_and_farther_away_rejects(build: Build) -> None:
    predictor = build(DISTANCE, tensors=CENTRE)
    assert _ask(predictor, _quadrants(230, 20, 20, 20)).status == "answered"
    # All bright: three scales away along the one axis, of which the deviation is 1.
    answer = _ask(predictor, _quadrants(190, 170, 170, 170))
    assert (answer.status, answer.reasons) == (
        "abstained",
        ("out_of_distribution", "low_confidence"),
    )
    answer = _ask(predictor, _quadrants(255, 255, 255, 250))
    assert (answer.status, answer.reasons) == ("rejected", ("not_brain_mr",))
    assert answer.probabilities is None


def test_of_several_views_the_nearest_counts(build: Build) -> None:
    bright = {name.replace("embedding", "embedding.1"): value for name, value in CENTRE.items()}
    # What is far away from the first, see above, is the middle of the second.
    bright["embedding.1.mean"] = np.ones(4, np.float32)
    slice_ = _quadrants(255, 255, 255, 250)
    both = build({**DISTANCE, "views": 2}, tensors={**CENTRE, **bright})
    assert _ask(both, slice_).reasons == ("low_confidence",)
    assert _ask(both, _quadrants(230, 20, 20, 20)).status == "answered"


def test_two_gates_with_one_reason_say_it_once(build: Build) -> None:
    answer = _ask(build(DISTANCE, DISTANCE, tensors=CENTRE), _quadrants(255, 255, 255, 250))
    assert answer.reasons == ("not_brain_mr",)


def test_no_lesion_seen(build: Build) -> None:
    predictor = build(SIGN, tensors=SIGN_TENSORS)
    assert _ask(predictor, _quadrants(230, 0, 0, 0)).status == "answered"
    answer = _ask(predictor, _quadrants(0, 230, 0, 0))
    assert (answer.status, answer.reasons) == ("abstained", ("no_lesion_seen",))
    assert answer.predicted_class == "beta"


def test_no_lesion_seen_gives_way_to_a_class_without_a_lesion(
    build: Build, tiny_info: BundleInfo
) -> None:
    alpha, beta, gamma = tiny_info.classes
    healthy = beta.model_copy(update={"role": "no_lesion"})
    info = tiny_info.model_copy(update={"classes": (alpha, healthy, gamma)})
    predictor = build(SIGN, tensors=SIGN_TENSORS, info=info)
    answer = _ask(predictor, _quadrants(0, 230, 0, 0))
    assert (answer.status, answer.predicted_class) == ("answered", "beta")
    assert _ask(predictor, _quadrants(0, 0, 230, 0)).reasons == ("no_lesion_seen",)


def test_a_thumbnail_is_a_depth_without_the_network(build: Build) -> None:
    tensors = {
        "thumbnail.mean": np.zeros(1024, np.float32),
        "thumbnail.scale": np.ones(1024, np.float32),
        "thumbnail.axes": np.full((1, 1024), 1 / 32, np.float32),
        "thumbnail.rest": np.ones(1, np.float32),
    }
    gate = {"gate": "distance", "depth": "thumbnail", "abstain_above": 0.6, "reject_above": 0.9}
    predictor = build(gate, tensors=tensors)
    assert _ask(predictor, _quadrants(255, 0, 0, 0)).status == "answered"
    # The root mean square of the grey levels is 0.71, then 1.
    assert _ask(predictor, _quadrants(255, 255, 0, 0)).reasons[0] == "out_of_distribution"
    assert _ask(predictor, _quadrants(255, 255, 255, 255)).status == "rejected"


def test_gates_decide_the_hash(build: Build, tiny_bundle: Path) -> None:
    plain = load_bundle(tiny_bundle).info.decision_sha256
    assert build(SANITY).info.decision_sha256 != plain


@pytest.mark.parametrize(
    ("record", "changes", "message"),
    [
        ({"gate": "oracle"}, {}, "'oracle', which this version does not know"),
        ({"depth": "embedding"}, {}, "does not know"),
        ({**DISTANCE, "depth": "soul"}, {}, "the depth 'soul' is not known"),
        ({**DISTANCE, "depth": "feature_statistics"}, {}, "incomplete"),
        ({"gate": "distance", "depth": "embedding"}, {}, "incomplete"),
        ({**DISTANCE, "abstain_above": "far"}, {}, "incomplete"),
        ({"gate": "image_sanity", "max_taste": 1}, {}, "incomplete"),
        ({**DISTANCE, "views": 0}, {}, "views is 0"),
        ({**DISTANCE, "views": 2}, {}, "incomplete: 'embedding.1.mean'"),
        (DISTANCE, {"embedding.mean": np.zeros(5, np.float32)}, "do not fit together"),
        (DISTANCE, {"embedding.scale": np.zeros(4, np.float32)}, "do not fit together"),
        (DISTANCE, {"embedding.axes": np.zeros(4, np.float32)}, "dimensions"),
        (SIGN, {"lesion_sign.weights": np.ones(7, np.float32)}, "not of this network"),
        (
            {**DISTANCE, "depth": "feature_statistics"},
            {
                f"feature_statistics.{part}": CENTRE[f"embedding.{part}"]
                for part in ("mean", "scale", "axes", "rest")
            },
            "need the network's feature_statistics",
        ),
    ],
)
def test_gates_that_cannot_work_are_refused(
    build: Build, record: dict[str, Any], changes: dict[str, NDArray[np.float32]], message: str
) -> None:
    with pytest.raises(BundleInvalid, match=message):
        build(record, tensors={**CENTRE, **SIGN_TENSORS, **changes})


def test_gates_without_statistics_are_refused(build: Build) -> None:
    with pytest.raises(BundleInvalid, match="incomplete"):
        build(DISTANCE)


def test_an_answer_tells_how_far_the_slice_lies(build: Build, slice_png: Make) -> None:
    predictor = build(SANITY, DISTANCE, tensors=CENTRE)

    usual = predictor.predict(slice_png(0))
    far = _ask(predictor, _quadrants(255, 255, 255, 255))

    assert usual.distance is not None
    assert far.distance is not None
    assert usual.distance < 1.5 < far.distance
    # What the gate goes by is what is told.
    assert "out_of_distribution" in far.reasons or "not_brain_mr" in far.reasons
    assert _ask(predictor, np.zeros((20, 200))).distance is None


def test_without_the_gate_nothing_is_told(build: Build, slice_png: Make) -> None:
    assert build(SANITY).predict(slice_png(0)).distance is None


def test_a_gate_carries_the_distances_it_was_fitted_with(build: Build) -> None:
    quantiles = np.linspace(0.5, 1.5, 11, dtype=np.float32)
    with_reference = build(DISTANCE, tensors={**CENTRE, "embedding.reference": quantiles})
    gate = with_reference._gates.distance_of("embedding")

    assert gate is not None
    assert gate.reference == tuple(map(float, quantiles))
