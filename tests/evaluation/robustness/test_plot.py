"""The picture of robustness: readable as its format, and the same each time."""

import io
import sys
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from brainlens.errors import MissingExtra
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.robustness.plot import robustness_plot
from brainlens.evaluation.robustness.robustness import FamilyResult, GradeResult, Robustness


def _result(*, patients: int | None = 9) -> Robustness:
    figure = Ratio(0.8, (0.81, 0.9), 20, 9)
    figures = {
        "accuracy": figure,
        "change": figure,
        "answer_rate": Ratio(1.0, None, 20, 9),
        "answered_accuracy": Ratio(None, None, 0, 0),
    }
    families = tuple(
        FamilyResult(name, "a scale", (GradeResult(0.5, figures), GradeResult("both", figures)))
        for name in ("blur", "flip")
    )
    return Robustness(
        model="tiny 1",
        decision_sha256="0" * 64,
        class_ids=("a", "b"),
        split="test",
        protocol="grouped",
        threshold=0.7,
        n_slices=20,
        n_patients=patients,
        n_available=20,
        failures=(),
        majority=0.5,
        unchanged=figures,
        families=families,
    )


def test_the_png_is_a_picture() -> None:
    data = robustness_plot(_result())
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        assert image.width > 900
    assert robustness_plot(_result(patients=None)) != data


def test_the_svg_names_every_perturbation_and_is_the_same_each_time() -> None:
    data = robustness_plot(_result(), "svg")
    texts = {element.text for element in ET.fromstring(data).iter() if element.text}  # noqa: S314  # our own
    assert {"blur", "flip", "accuracy", "most frequent class", "both"} <= texts
    assert any("20 slices of 9 patients" in text for text in texts)
    assert robustness_plot(_result(), "svg") == data


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"brainlens\[eval\]"):
        robustness_plot(_result())
