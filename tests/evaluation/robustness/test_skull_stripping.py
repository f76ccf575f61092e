"""Skull stripping leaves the brain and takes the scalp."""

import numpy as np

from brainlens.evaluation.robustness.skull_stripping import SKULL_STRIPPING

from .drawn import disc, head


def test_the_brain_stays_and_the_scalp_goes() -> None:
    slice_ = head(192, 224)
    image = slice_.pixels.copy()
    image[disc(192, 224, 84)] = 230
    image[disc(192, 224, 76)] = 12
    image[disc(192, 224, 66)] = 110
    slice_ = type(slice_)(image, "png")
    rng = np.random.default_rng(0)
    bare, wide = (SKULL_STRIPPING.apply(slice_, grade, rng).pixels for grade in (0.0, 10.0))
    scalp = disc(192, 224, 84) & ~disc(192, 224, 76)
    assert not bare[scalp].any()
    brain = disc(192, 224, 63)
    assert np.array_equal(bare[brain], image[brain])
    assert (wide > 0).sum() > (bare > 0).sum()
