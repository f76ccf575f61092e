import io
import sys
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from brainlens.errors import MissingExtra
from brainlens.evaluation.confidences import Confidences
from brainlens.evaluation.plots_confidence import reliability_plot, risk_plot
from brainlens.evaluation.scores import Scores


def _scores(exponent: float = 1.0) -> Scores:
    rng = np.random.default_rng(0)
    first = rng.random(200)
    truth = (rng.random(200) > first**exponent).astype(int).tolist()
    return Scores.from_probabilities(
        np.column_stack([first, 1 - first]), truth, [True] * 200, list(range(200))
    )


CONFIDENCES = Confidences.of(_scores(), np.zeros(200, dtype=np.bool_))


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_are_of_their_format_and_always_the_same(kind: Literal["png", "svg"]) -> None:
    def make(name: str) -> bytes:
        if name == "reliability":
            return reliability_plot([("before", _scores(3)), ("after", _scores())], kind=kind)
        return risk_plot(CONFIDENCES, 0.7, title="A model", kind=kind)

    for name in ("reliability", "risk"):
        picture = make(name)
        assert picture == make(name)
        if kind == "png":
            image = Image.open(io.BytesIO(picture))
            assert min(image.size) >= 500
            assert len(np.unique(np.asarray(image.convert("L")))) > 20
        else:
            assert picture.startswith(b"<?xml")
            assert b"<svg" in picture
            assert b"<image" not in picture


def test_rejected_slices_and_thresholds_that_nothing_reaches_are_drawn_without() -> None:
    probabilities = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8]])
    scores = Scores.from_probabilities(probabilities, [0, 0, 1], [True] * 3, [0, 1, 2])
    assert reliability_plot([("as it is", scores)])
    confidences = Confidences.of(scores, np.zeros(3, dtype=np.bool_))
    assert risk_plot(confidences, 1.0) != risk_plot(confidences, 0.7)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match="matplotlib") as caught:
        risk_plot(CONFIDENCES, 0.7)
    assert "brainlens[eval]" in caught.value.hint
