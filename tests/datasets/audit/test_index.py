import numpy as np
import pytest

from brainlens.datasets.audit.descriptor import FRAMES, LENGTH, orientations
from brainlens.datasets.audit.index import candidates
from brainlens.datasets.audit.orientation import COUNT, inverse


def _noise(count: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.int8]]:
    values = np.random.default_rng(3).normal(0, 15, (count, FRAMES, LENGTH))
    return np.clip(np.rint(values), -127, 127).astype(np.int8)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_pair_gives_no_candidates(count: int) -> None:
    found = candidates(_noise(count))
    assert len(found) == 0
    assert list(found) == []


def test_two_are_each_others_candidates() -> None:
    (found,) = candidates(_noise(2))
    assert (found.first, found.second) == (0, 1)


def test_each_pair_is_there_once_and_ascending() -> None:
    found = candidates(_noise(300), nearest=5)
    pairs = [(c.first, c.second) for c in found]
    assert pairs == sorted(set(pairs))
    assert all(first < second for first, second in pairs)
    assert len(pairs) == len(found) <= 300 * 5 * FRAMES
    assert {len(c.orientations) for c in found} <= {1, 2}


@pytest.mark.parametrize("orientation", range(COUNT))
@pytest.mark.parametrize("place", [0, 399])
def test_an_image_is_found_in_any_orientation(orientation: int, place: int) -> None:
    table = _noise(400)
    for frame in range(FRAMES):
        table[place, frame] = orientations(table[200:201, frame])[orientation, 0]
    found = {(c.first, c.second): c.orientations for c in candidates(table, nearest=1)}
    # Said is how to lay the second of the two like the first.
    laid = orientation if place == 0 else int(inverse(np.array([orientation], np.int8))[0])
    told = found[min(200, place), max(200, place)]
    second = table[max(200, place), 0]
    first = table[min(200, place), 0]
    assert (orientations(second[np.newaxis])[told[0], 0] == first).all()
    assert len(told) == 1
    assert told[0] in (laid, int(inverse(np.array([laid], np.int8))[0]))


def test_the_parts_of_a_descriptor_may_differ_on_the_orientation() -> None:
    table = _noise(50)
    table[49, 0] = table[0, 0]
    table[49, 1] = orientations(table[0:1, 1])[2, 0]
    found = {(c.first, c.second): c.orientations for c in candidates(table, nearest=1)}
    assert sorted(found[0, 49]) == [0, 2]


def test_the_same_descriptors_give_the_same_candidates() -> None:
    table = _noise(1000)
    once, again = (list(candidates(table, nearest=4)) for _ in range(2))
    assert once == again


def test_nearly_all_that_comparing_all_with_all_finds_is_found() -> None:
    table = _noise(1500)
    found = {(c.first, c.second) for c in candidates(table, nearest=1)}
    # The same, one by one.
    missed = 0
    unit = table.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    for i in range(0, 1500, 50):
        turned = orientations(table[i : i + 1, 0]).astype(np.float32)[:, 0]
        likeness = (turned @ unit[:, 0].T).max(axis=0)
        likeness[i] = -np.inf
        nearest = int(likeness.argmax())
        missed += (min(i, nearest), max(i, nearest)) not in found
    assert missed <= 3
