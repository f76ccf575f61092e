import numpy as np
import pytest

from brainlens.datasets.audit.orientation import COUNT, inverse, oriented, undoing


@pytest.mark.parametrize("orientation", range(COUNT))
def test_the_inverse_lays_an_image_back(orientation: int) -> None:
    image = np.arange(9).reshape(3, 3)
    back = int(inverse(np.array([orientation], np.int8))[0])
    assert (oriented(oriented(image, orientation), back) == image).all()


def test_no_two_orientations_are_the_same() -> None:
    image = np.arange(9).reshape(3, 3)
    assert len({oriented(image, o).tobytes() for o in range(COUNT)}) == COUNT


@pytest.mark.parametrize("orientation", range(COUNT))
def test_points_go_where_their_pixels_come_from(orientation: int) -> None:
    image = np.arange(9).reshape(3, 3)
    laid = oriented(image, orientation)
    for row in range(3):
        for column in range(3):
            x, y = undoing(orientation) @ (column - 1, row - 1)
            assert laid[row, column] == image[int(y) + 1, int(x) + 1]
