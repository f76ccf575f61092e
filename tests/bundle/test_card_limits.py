from typing import Any

import pytest

from brainlens.bundle.calibration import Calibration, ProbabilityFigures
from brainlens.bundle.card_limits import failure_modes, intended_use
from brainlens.bundle.schema import BundleInfo, Metric

DECISION = "d" * 64


def _metric(name: str, value: float | None, **changes: Any) -> Metric:
    values: dict[str, Any] = {
        "split": "test", "protocol": "grouped", "n_slices": 300, "decision_sha256": DECISION,
    }  # fmt: skip
    return Metric(name=name, value=value, **{**values, **changes})


@pytest.fixture
def real(tiny_info: BundleInfo) -> BundleInfo:
    training = tiny_info.training.model_copy(update={"synthetic": False})
    return tiny_info.model_copy(update={"training": training, "decision_sha256": DECISION})


def _with(info: BundleInfo, *metrics: Metric) -> BundleInfo:
    return info.model_copy(update={"metrics": metrics})


def test_what_it_is_not_for_is_said(real: BundleInfo, tiny_info: BundleInfo) -> None:
    assert "Finding out whether there is a tumour" in intended_use(real)
    classes = (*real.classes[:2], real.classes[2].model_copy(update={"role": "no_lesion"}))
    text = intended_use(real.model_copy(update={"classes": classes}))
    assert "Finding out" not in text
    assert "triage" in text
    assert "Any image of a person." in intended_use(tiny_info)


def test_sure_and_wrong_in_numbers(real: BundleInfo) -> None:
    answers = _metric("confident_accuracy", 0.944, interval=(0.89, 0.981))
    text = failure_modes(_with(real, answers))
    assert "on 300 slices (test, grouped), 5.6 % were wrong (95 % interval 1.9 to 11.0 %)" in text
    bare = failure_modes(_with(real, answers.model_copy(update={"interval": None})))
    assert "5.6 % were wrong.\n" in bare


def test_the_weakest_class_is_of_the_test_set(real: BundleInfo) -> None:
    text = failure_modes(
        _with(
            real,
            _metric("sensitivity", 0.1, class_id="beta", split="val"),
            _metric("sensitivity", 0.9, class_id="alpha"),
            _metric("sensitivity", 0.8, class_id="gamma"),
            _metric("sensitivity", 0.2, class_id="alpha", level="patient"),
            _metric("sensitivity", 0.3, class_id="alpha", subgroup="small"),
            _metric("sensitivity", 0.4, class_id="alpha", decision_sha256="e" * 64),
            _metric("sensitivity", None, class_id="beta"),
        )
    )
    assert "Weakest on `gamma`: it finds 80.0 % of its slices." in text


def test_what_was_not_measured_or_fitted_is_said(real: BundleInfo) -> None:
    text = failure_modes(real)
    assert "has not been measured on this file" in text
    assert "no gate was fitted" in text
    assert "90 % may not mean 90 %" in text
    assert "Weakest" not in text
    figures = ProbabilityFigures(loss=0.5, brier=0.25, ece=0.1, ece_floor=0.02)
    calibration = Calibration(
        source="own", split="val", protocol="grouped", n_slices=9,
        class_mix={"alpha": 0.5, "beta": 0.25, "gamma": 0.25}, before=figures, after=figures,
    )  # fmt: skip
    guarded = real.model_copy(update={"calibration": calibration, "gates": ({"name": "blank"},)})
    text = failure_modes(guarded)
    assert "as frequent as `alpha` 50 %, `beta` 25 %, `gamma` 25 %" in text
    assert "no gate was fitted" not in text
