import numpy as np
import pytest

from brainlens.imaging import PreprocessSpec, Slice, quantise
from brainlens.inference.gates import Evidence, Finding
from brainlens.inference.gates.image_sanity import ImageSanity

GATE = ImageSanity()
SPEC = PreprocessSpec(size=32)


def _evidence(height: int, width: int, colour: float = 0.0, *, flat: bool = False) -> Evidence:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    if flat:
        pixels[:] = 90
    slice_ = Slice(pixels, "png", colour_share=colour)
    return Evidence(slice_, quantise(slice_, SPEC))


@pytest.mark.parametrize(("height", "width"), [(256, 256), (48, 144), (512, 200)])
def test_slices_pass(height: int, width: int) -> None:
    assert GATE.check(_evidence(height, width)) is None
    assert GATE.needs == ()


@pytest.mark.parametrize(
    "evidence",
    [_evidence(400, 100), _evidence(2, 2000), _evidence(256, 256, 0.4)],
    ids=["strip", "line", "photograph"],
)
def test_what_no_scanner_makes_is_rejected(evidence: Evidence) -> None:
    assert GATE.check(evidence) == Finding(rejects=True, reason="not_brain_mr")


@pytest.mark.parametrize(
    "evidence", [_evidence(256, 256, flat=True), _evidence(47, 60)], ids=["blank", "tiny"]
)
def test_what_shows_too_little_is_of_poor_quality(evidence: Evidence) -> None:
    assert GATE.check(evidence) == Finding(rejects=False, reason="poor_quality")


def test_a_coloured_note_on_a_slice_is_let_pass() -> None:
    assert GATE.check(_evidence(256, 256, 0.02)) is None
