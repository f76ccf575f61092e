from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies
from brainlens.datasets.audit.near_copies import (
    COPY_LEAST,
    find_in_slices,
    find_near_copies,
    kind_of,
)
from brainlens.datasets.audit.registration import Registration
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import UnreadableImage
from brainlens.imaging.slice import Slice

from .heads import CHANGES, Pixels, as_slice, head

HEADS = 12


def _search(images: list[Pixels]) -> NearCopies:
    return find_in_slices(len(images), lambda i: as_slice(images[i]))


def _heads() -> list[Pixels]:
    return [head(i) for i in range(HEADS)]


def test_a_set_without_copies_yields_none() -> None:
    assert _search(_heads()).copies == ()


@pytest.mark.parametrize("count", [0, 1])
def test_a_set_too_small_for_pairs_yields_none(count: int) -> None:
    assert _search(_heads()[:count]) == NearCopies(())


@pytest.mark.parametrize("change", CHANGES)
def test_a_planted_copy_is_found_and_nothing_else(change: str) -> None:
    images = [*_heads(), *(CHANGES[change](head(i)) for i in (0, 5))]
    found = _search(images).copies
    assert [(pair.first, pair.second) for pair in found] == [(0, HEADS), (5, HEADS + 1)]
    assert all(COPY_LEAST <= pair.correlation <= 1.0001 for pair in found)


def test_a_copy_says_how_it_was_made() -> None:
    images = [*_heads(), np.rot90(head(3)[:, ::-1]), head(4)[8:-8, 8:-8]]
    turned, cropped = _search(images).copies
    assert (turned.mirrored, round(turned.turn)) == (True, 90)
    assert not cropped.mirrored
    assert cropped.scale == pytest.approx(128 / 112, abs=0.02)


def test_said_the_other_way_round_the_change_is_undone() -> None:
    copy = CHANGES["turned"](head(3)[8:-8, 8:-8])
    (forward,) = _search([head(3), copy]).copies
    (backward,) = _search([copy, head(3)]).copies
    assert forward.turn == pytest.approx(-backward.turn)
    assert forward.scale == pytest.approx(1 / backward.scale)
    assert forward.correlation == backward.correlation


def test_identical_images_are_each_paired_with_the_first_of_them() -> None:
    images = [head(1), head(0), head(1), head(1), CHANGES["turned"](head(1))]
    found = _search(images)
    identical = [CopyPair(0, 2, "copy", 1.0), CopyPair(0, 3, "copy", 1.0)]
    assert [pair for pair in found.pairs if pair.second < 4] == identical
    assert [(pair.first, pair.second) for pair in found.copies][-1] == (0, 4)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(range(10)))
def test_the_order_of_the_images_does_not_matter(order: list[int]) -> None:
    images = [*(head(i) for i in range(6)), *(list(CHANGES.values())[5](head(i)) for i in (0, 1))]
    images += [CHANGES["cropped"](head(2)), CHANGES["turned"](head(3))]

    def pairs(found: NearCopies, names: list[int]) -> set[tuple[frozenset[int], str, float]]:
        return {
            (frozenset((names[p.first], names[p.second])), p.kind, p.correlation)
            for p in found.pairs
        }

    straight = pairs(_search(images), list(range(10)))
    assert pairs(_search([images[i] for i in order]), order) == straight
    assert sum(kind == "copy" for _, kind, _ in straight) == 4


def test_the_next_slice_in_the_same_frame_is_a_neighbour_and_no_copy() -> None:
    # A head whose inside has changed, as a slice further on: detail moved in its middle.
    neighbour = head(0).copy()
    neighbour[40:90, 40:90] = np.roll(neighbour[40:90, 40:90], 3, axis=0)
    (pair,) = _search([head(0), neighbour]).pairs
    assert pair.kind == "neighbour"
    assert pair.correlation < COPY_LEAST


def _moved(correlation: float, by: float, orientation: int = 0) -> Registration:
    return Registration(correlation, np.array([[1, 0, by], [0, 1, 0.0]]), orientation)


def test_the_further_it_moved_the_more_a_neighbour_must_agree() -> None:
    assert kind_of(_moved(0.7, 0.01)) == "neighbour"
    assert kind_of(_moved(0.7, 0.03)) is None
    assert kind_of(_moved(0.95, 0.03)) == "neighbour"
    assert kind_of(_moved(0.4, 0.0)) is None
    assert kind_of(_moved(0.95, 0.0, orientation=2)) is None
    assert kind_of(_moved(COPY_LEAST, 0.2, orientation=2)) == "copy"


def test_what_cannot_be_read_and_what_is_blank_takes_no_part() -> None:
    def slice_at(number: int) -> Slice:
        if number == 1:
            raise UnreadableImage("damaged")
        return as_slice(np.full((50, 50), 7, np.uint8) if number in (2, 3) else head(0))

    found = find_in_slices(5, slice_at)
    assert found == NearCopies((CopyPair(0, 4, "copy", 1.0),), unread=(1,), blank=(2, 3))


def test_an_error_that_says_nothing_of_the_image_is_not_swallowed() -> None:
    def slice_at(number: int) -> Slice:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        find_in_slices(3, slice_at)


def test_progress_ends_where_it_said_it_would() -> None:
    steps: list[tuple[int, int]] = []
    images = _heads()
    find_in_slices(len(images), lambda i: as_slice(images[i]), lambda *step: steps.append(step))
    assert steps == sorted(steps)
    assert {total for _, total in steps} == {2 * HEADS}
    assert steps[-1] == (2 * HEADS, 2 * HEADS)
    assert (HEADS, 2 * HEADS) in steps


def test_opencv_keeps_its_threads() -> None:
    before = cv2.getNumThreads()
    _search(_heads()[:3])
    assert cv2.getNumThreads() == before


def test_a_manifest_is_searched_by_its_files(tmp_path: Path) -> None:
    for name, pixels in (("a", head(0)), ("b", head(1)), ("c", CHANGES["mirrored"](head(0)))):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / f"{name}.png")
    Image.fromarray(head(1)).save(tmp_path / "d.jpg", quality=60)
    (tmp_path / "e.png").write_bytes(b"no image")
    rows = tuple(Row(path) for path in sorted(tmp_path.iterdir()))
    found = find_near_copies(Manifest(tmp_path, rows))
    assert [(pair.first, pair.second) for pair in found.copies] == [(0, 2), (1, 3)]
    assert found.unread == (4,)
    assert found.neighbours == ()
