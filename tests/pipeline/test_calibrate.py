from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainlens.bundle import Bundle, load_bundle, revise
from brainlens.bundle.schema import CARD
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import UsageError
from brainlens.inference import Predictor
from brainlens.inference.calibration import softmax
from brainlens.outcomes import Outcome
from brainlens.pipeline.calibrate import calibrate, calibrate_on
from brainlens.pipeline.calibration_outcomes import CalibrationOutcomes

CLASSES = ("alpha", "beta", "gamma")


@pytest.fixture
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture(scope="module")
def source() -> CalibrationOutcomes:
    """Return outcomes whose right temperature is 3."""
    rng = np.random.default_rng(0)
    outcomes = []
    for number in range(240):
        logits = rng.normal(0, 4, 3)
        shares = softmax(logits).tolist()
        best = int(np.argmax(shares))
        outcomes.append(
            Outcome(
                str(number),
                label=CLASSES[rng.choice(3, p=softmax(logits, 3.0))],
                patient=f"p{number}",
                fold=number % 3,
                status="answered",
                predicted_class=CLASSES[best],
                confidence=shares[best],
                probabilities=dict(zip(CLASSES, shares, strict=True)),
            )
        )
    return CalibrationOutcomes(tuple(outcomes), "test", "grouped", out_of_fold=True)


def test_the_new_bundle_carries_what_was_fitted(
    bundle: Bundle, source: CalibrationOutcomes, tmp_path: Path
) -> None:
    made = calibrate_on(bundle, source, tmp_path / "new", target_error=0.02)
    info = load_bundle(tmp_path / "new").info
    assert info.temperature == made.fit.temperature == pytest.approx(3.0, rel=0.2)
    assert info.thresholds.confidence == bundle.info.thresholds.confidence
    assert info.thresholds.prediction_sets == made.fit.sets
    assert info.thresholds.target_error is not None
    assert info.thresholds.target_error.threshold is None
    assert info.prior is None
    record = info.calibration
    assert record is not None
    assert (record.source, record.split, record.protocol) == ("out-of-fold", "test", "grouped")
    assert (record.n_slices, record.n_patients) == (240, 240)
    assert record.after.ece < record.before.ece
    assert record.error_bound is not None
    assert info.risk_coverage[0]["answer_rate"] == 1.0
    assert info.decision_sha256 != bundle.info.decision_sha256
    assert b"Temperature of the probabilities" in made.bundle.read(CARD)
    assert bundle.info.temperature == 1.0


def test_a_second_calibration_goes_on_from_the_first(
    bundle: Bundle, source: CalibrationOutcomes, tmp_path: Path
) -> None:
    warm = revise(bundle, tmp_path / "warm", temperature=2.0)
    made = calibrate_on(warm, source, tmp_path / "new")
    assert made.fit.temperature is not None
    assert made.bundle.info.temperature == pytest.approx(2 * made.fit.temperature)


def test_a_prior_reaches_the_bundle(
    bundle: Bundle, source: CalibrationOutcomes, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    mix = {"alpha": 0.01, "beta": 0.49, "gamma": 0.5}
    made = calibrate_on(bundle, source, tmp_path / "new", prior=mix)
    assert made.bundle.info.prior is not None
    assert made.bundle.info.prior.shares == mix
    answer = Predictor(made.bundle, threads=1).predict(slice_png(0))
    plain = calibrate_on(bundle, source, tmp_path / "plain").bundle
    before = Predictor(plain, threads=1).predict(slice_png(0))
    assert answer.probabilities is not None
    assert before.probabilities is not None
    assert answer.probabilities["alpha"] < before.probabilities["alpha"]


def test_a_bundle_is_calibrated_on_its_own_answers(
    bundle: Bundle, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    rows = []
    for number in range(12):
        path = tmp_path / f"{number}.png"
        path.write_bytes(slice_png(number % 3, seed=number))
        # The last is labelled wrongly, so that the model makes a mistake.
        label = CLASSES[number % 3] if number < 11 else "alpha"
        rows.append(Row(path, label=label, patient=f"p{number}", split="val"))
    done: list[tuple[int, int]] = []
    made = calibrate(
        bundle,
        Manifest(tmp_path, tuple(rows)),
        tmp_path / "new",
        workers=1,
        progress=lambda *n: done.append(n),
    )
    assert done[-1] == (12, 12)
    # It was sure of its mistake, and is less so now.
    assert made.bundle.info.temperature > 1
    assert made.bundle.info.calibration is not None
    assert made.bundle.info.calibration.source == "own"


def test_a_few_slices_without_a_mistake_change_the_temperature_little(
    bundle: Bundle, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    warm = revise(bundle, tmp_path / "warm", temperature=1.5)
    rows = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        path.write_bytes(slice_png(number % 3, seed=number))
        rows.append(Row(path, label=CLASSES[number % 3], patient=f"p{number}"))
    made = calibrate(warm, Manifest(tmp_path, tuple(rows)), tmp_path / "new", workers=1)
    assert 0.75 < made.fit.temperature < 1
    assert made.bundle.info.temperature == pytest.approx(1.5 * made.fit.temperature)


def test_nothing_is_asked_where_the_bundle_cannot_be_written(
    bundle: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="never overwritten"):
        calibrate(bundle, Manifest(tmp_path, ()), tmp_path)


@pytest.mark.parametrize(
    ("prior", "target_error", "words"),
    [
        ({"alpha": 0.5, "beta": 0.5}, None, "names alpha, beta"),
        ({"alpha": 0.5, "beta": 0.5, "gamma": 0.5}, None, "sum to 1.5"),
        ({"alpha": 0.5, "beta": 0.5, "gamma": 0.0}, None, "not above 0"),
        ({"alpha": 0.5, "beta": 0.3, "gamma": 0.2}, 0.05, "not for another"),
    ],
)
def test_a_class_mix_that_cannot_be_used_is_refused(
    bundle: Bundle,
    source: CalibrationOutcomes,
    tmp_path: Path,
    prior: dict[str, float],
    target_error: float | None,
    words: str,
) -> None:
    with pytest.raises(UsageError, match=words):
        calibrate_on(bundle, source, tmp_path / "new", prior=prior, target_error=target_error)
