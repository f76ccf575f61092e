import base64
import io
import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.slice_pictures import LONGEST, SlicePictures


def _pixels(image: str) -> NDArray[np.int64]:
    found = re.search(r'base64,([^"]+)"', image)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
        return np.asarray(picture.convert("RGB")).astype(np.int64)


def test_a_slice_is_shown_alone_and_with_map_and_outline(findings: Findings) -> None:
    outcome = findings.evaluation.outcomes[0]
    shown = SlicePictures(findings).of(outcome)
    (plain, what), (map_, words) = shown.pictures
    assert (what, words) == ("the slice", "heat map of alpha, outline of the lesion")
    alone, over = _pixels(plain), _pixels(map_)
    assert alone.shape == over.shape == (LONGEST, LONGEST, 3)
    # Grey alone; in the map's picture red where the network looked, within the mask …
    assert np.abs(alone[..., 0] - alone[..., 2]).max() <= 2
    place = (slice(35, 55), slice(35, 55))
    assert (over[..., 0] - over[..., 2])[place].mean() > 40
    # … and blue on the mask's edge, which begins 5 pixels of 64 from the corner.
    edge = round(5 / 64 * LONGEST)
    assert (over[..., 2] - over[..., 0])[edge : edge + 2, 30:60].mean() > 40


def test_without_a_model_there_is_the_outline_alone(findings: Findings) -> None:
    pictures = SlicePictures(replace(findings, bundle=None))
    outlined = pictures.of(findings.evaluation.outcomes[0])
    assert [words for _, words in outlined.pictures] == ["the slice", "outline of the lesion"]
    bare = pictures.of(findings.evaluation.outcomes[-1])
    assert [words for _, words in bare.pictures] == ["the slice"]


def test_what_cannot_be_shown_is_said(findings: Findings, bare: Findings, data: Manifest) -> None:
    outcome = findings.evaluation.outcomes[0]
    assert SlicePictures(bare).of(outcome).problem == "The image is not at hand."
    gone = [
        replace(row, path=row.path.with_name("gone.png")) if i == 0 else row
        for i, row in enumerate(data.rows)
    ]
    missing = SlicePictures(replace(findings, manifest=data.with_rows(gone)))
    assert "gone.png" in missing.of(replace(outcome, path="alpha/gone.png")).problem


def test_the_pictures_of_a_class_that_has_no_map_are_still_there(findings: Findings) -> None:
    outcome = replace(findings.evaluation.outcomes[0], predicted_class=None)
    shown = SlicePictures(findings).of(outcome)
    assert [words for _, words in shown.pictures] == ["the slice", "outline of the lesion"]
