from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle import BundleInfo, load_bundle, revise
from brainlens.bundle.calibration import PredictionSets, Prior
from brainlens.bundle.schema import Thresholds
from brainlens.errors import UsageError
from brainlens.inference import Predictor
from brainlens.inference.calibrated import Calibrated
from brainlens.inference.calibration import softmax
from brainlens.inference.prior import under_prior

EVEN = {"alpha": 0.4, "beta": 0.3, "gamma": 0.3}
RARE = {"alpha": 0.01, "beta": 0.495, "gamma": 0.495}
SETS = PredictionSets(level=0.9, least={"alpha": 0.5, "beta": 0.2, "gamma": 0.05})
LOGITS = np.array([2.0, 1.0, -0.5])


def _info(tiny_info: BundleInfo, **changes: object) -> BundleInfo:
    return tiny_info.model_copy(update=changes)


def test_probabilities_without_a_prior_are_those_of_the_temperature(tiny_info: BundleInfo) -> None:
    found = Calibrated(_info(tiny_info, temperature=2.0)).probabilities(LOGITS)
    np.testing.assert_allclose(found, softmax(LOGITS, 2.0))


def test_a_prior_turns_them_class_by_class(tiny_info: BundleInfo) -> None:
    # Written in another order than the bundle's: classes go by name.
    prior = Prior(shares=dict(reversed(RARE.items())), calibrated=EVEN)
    found = Calibrated(_info(tiny_info, prior=prior)).probabilities(LOGITS)
    rare, even = np.array(list(RARE.values())), np.array(list(EVEN.values()))
    np.testing.assert_allclose(found, under_prior(softmax(LOGITS), rare, even))


def test_a_set_names_the_likeliest_first(tiny_info: BundleInfo) -> None:
    calibrated = Calibrated(_info(tiny_info, thresholds=Thresholds(prediction_sets=SETS)))
    assert calibrated.prediction_set(np.array([0.4, 0.1, 0.5])) == ("gamma",)
    assert calibrated.prediction_set(np.array([0.5, 0.2, 0.3])) == ("alpha", "gamma", "beta")
    assert Calibrated(tiny_info).prediction_set(np.array([0.4, 0.1, 0.5])) is None


@pytest.fixture
def with_sets(tiny_bundle: Path, tmp_path: Path) -> Path:
    """Return a tiny bundle that never rules gamma out, and is cautious of alpha."""
    sets = PredictionSets(level=0.9, least={"alpha": 0.9, "beta": 0.9, "gamma": 0.0})
    revise(load_bundle(tiny_bundle), tmp_path / "sets", thresholds=Thresholds(prediction_sets=sets))
    return tmp_path / "sets"


def test_the_set_is_information_unless_told_otherwise(
    with_sets: Path, slice_png: Callable[..., bytes]
) -> None:
    answer = Predictor(load_bundle(with_sets), threads=1).predict(slice_png(0))
    assert answer.prediction_set == ("alpha", "gamma")
    assert answer.status == "answered"
    strict = Predictor(load_bundle(with_sets), threads=1, abstain_on_set=True)
    answer = strict.predict(slice_png(0))
    assert (answer.status, answer.reasons) == ("abstained", ("ambiguous",))
    assert answer.predicted_class == "alpha"
    assert strict.predict(slice_png(2)).status == "answered"
    answer = strict.predict(slice_png(0), threshold=1.0)
    assert set(answer.reasons) == {"ambiguous", "low_confidence"}


def test_a_prior_reaches_the_answer(
    tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    old = load_bundle(tiny_bundle)
    revise(old, tmp_path / "new", prior=Prior(shares=RARE, calibrated=EVEN))
    before = Predictor(old, threads=1).predict(slice_png(0)).probabilities
    after = Predictor(load_bundle(tmp_path / "new"), threads=1).predict(slice_png(0)).probabilities
    assert before is not None
    assert after is not None
    turned = under_prior(
        np.array(list(before.values())), np.array(list(RARE.values())), np.array([0.4, 0.3, 0.3])
    )
    np.testing.assert_allclose(list(after.values()), turned)


def test_abstaining_on_sets_needs_sets(tiny_bundle: Path) -> None:
    with pytest.raises(UsageError, match="no prediction sets") as caught:
        Predictor(load_bundle(tiny_bundle), threads=1, abstain_on_set=True)
    assert "calibrate" in caught.value.hint
