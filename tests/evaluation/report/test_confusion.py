import io
import sys

import numpy as np
import pytest
from PIL import Image

from brainlens.evaluation.evaluation import Measurement
from brainlens.evaluation.report.confusion import confusion_png

from .measured import evaluation_of, measurement_of_ten


def test_the_same_evaluation_draws_the_same_bytes() -> None:
    evaluation = evaluation_of(measurement_of_ten())
    assert confusion_png(evaluation) == confusion_png(evaluation)


def test_drawing_leaves_no_window_state() -> None:
    confusion_png(evaluation_of(measurement_of_ten()))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_the_picture_is_darkest_where_most_of_a_class_went() -> None:
    confusion = np.array([[10, 0, 0], [0, 10, 0]])
    measurement = Measurement(n_slices=20, n_patients=None, metrics=(), confusion=confusion)
    right = confusion_png(evaluation_of(measurement, ("a", "b")))
    measurement = Measurement(n_slices=20, n_patients=None, metrics=(), confusion=confusion[::-1])
    wrong = confusion_png(evaluation_of(measurement, ("a", "b")))

    def grey(png: bytes, x: float, y: float) -> int:
        with Image.open(io.BytesIO(png)) as picture:
            return int(
                np.asarray(picture.convert("L"))[int(y * picture.height), int(x * picture.width)]
            )

    # A point inside the cell of the first row and first column, off its number.
    assert grey(right, 0.25, 0.2) < 100 < 200 < grey(wrong, 0.25, 0.2)


@pytest.mark.parametrize("classes", [2, 30])
def test_many_classes_are_drawn(classes: int) -> None:
    confusion = np.concatenate([np.eye(classes), np.zeros((classes, 1))], axis=1).astype(np.int64)
    measurement = Measurement(classes, None, (), confusion)
    assert confusion_png(evaluation_of(measurement, tuple(f"class {i}" for i in range(classes))))
