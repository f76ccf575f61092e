import numpy as np
import pytest

from brainlens.datasets.audit.descriptor import FRAMES, LENGTH, SIDE, Thumbnail, describe
from brainlens.datasets.audit.thumbnails import Thumbnails


def _images(count: int) -> list[Thumbnail]:
    chance = np.random.default_rng(0)
    return [chance.integers(0, 256, (SIDE, SIDE)).astype(np.uint8) for _ in range(count)]


def test_what_goes_in_comes_out_once_with_its_descriptor() -> None:
    a, b, c = _images(3)
    with Thumbnails.of([(4, a), (7, b), (9, a), (11, c)]) as stored:
        assert len(stored) == 3
        assert sorted(stored.rows) == [(4, 9), (7,), (11,)]
        for position, rows in enumerate(stored.rows):
            image = {4: a, 7: b, 11: c}[rows[0]]
            assert (stored[position] == image).all()
            assert (stored.descriptors[position] == describe(image)).all()


def test_the_order_depends_on_content_alone() -> None:
    images = dict(enumerate(_images(5)))
    with Thumbnails.of(images.items()) as one, Thumbnails.of(reversed(images.items())) as other:
        assert one.rows == other.rows
        assert (one.descriptors == other.descriptors).all()


def test_there_may_be_none() -> None:
    with Thumbnails.of([]) as stored:
        assert len(stored) == 0
        assert stored.descriptors.shape == (0, FRAMES, LENGTH)


def test_the_file_goes_with_the_block() -> None:
    with Thumbnails.of(enumerate(_images(1))) as stored:
        pass
    with pytest.raises(ValueError, match="closed"):
        stored[0]
