"""The bare work runs in as many threads as it has callers."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving.bare import Bare
from benchmarks.serving.images import accepted, phantom_images

from brainlens.bundle.load import load_bundle
from brainlens.bundle.shipped import shipped
from brainlens.errors import ImageError
from brainlens.inference.predictor import Predictor


def _bundle(name: str = "demo") -> Path:
    path = shipped().get(name)
    if path is None:
        pytest.skip("no bundle ships with this installation")
    return path


def test_it_answers_as_the_predictor_does() -> None:
    bundle = load_bundle(_bundle())
    images = accepted(phantom_images(2), bundle)
    bare, predictor = Bare(bundle, images), Predictor(bundle, threads=1)
    for index, image in enumerate(images):
        wanted = predictor.predict(image).probabilities
        assert wanted is not None
        found = bare.probabilities(index)
        assert list(found) == list(wanted)
        np.testing.assert_allclose([*found.values()], [*wanted.values()], atol=1e-6)


def test_every_caller_asks_until_the_time_is_up() -> None:
    bundle = load_bundle(_bundle())
    load = Bare(bundle, phantom_images(1)).offer(callers=3, seconds=0.3)
    assert load.seconds >= 0.3
    assert len(load.latencies) >= 3
    assert load.timeouts == load.not_ok == load.broken == 0


def test_what_a_caller_meets_is_raised() -> None:
    with pytest.raises(ImageError):
        Bare(load_bundle(_bundle()), [b"no image"]).offer(callers=2, seconds=0.3)
