from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from brainlens.bundle.load import load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.evaluation.embedding_distance import EmbeddingDistance, embeddings


def _two_classes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1], 200)
    mixed = rng.normal(size=(400, 3)) @ np.array([[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0, 0, 0.4]])
    return mixed + 4.0 * classes[:, np.newaxis], classes


def test_the_distance_is_mahalanobis_to_the_nearest_class() -> None:
    values, classes = _two_classes()
    distance = EmbeddingDistance.fit(values, classes)
    means = np.stack([values[classes == c].mean(axis=0) for c in (0, 1)])
    shrunk = LedoitWolf(assume_centered=True).fit(values - means[classes])
    points = np.array([[0.0, 0.0, 0.0], [4.0, 4.0, 4.0], [2.0, -1.0, 3.0]])
    wanted = [min(mahalanobis(p, m, shrunk.precision_) for m in means) for p in points]
    np.testing.assert_allclose(distance(points), wanted, rtol=1e-9)


def test_what_lies_off_in_a_quiet_direction_is_far() -> None:
    values, classes = _two_classes()
    distance = EmbeddingDistance.fit(values, classes)
    centre = values[classes == 0].mean(axis=0)
    loud, quiet = distance(centre + np.array([[2.0, 0.5, 0.0], [0.0, -0.5, 2.0]]))
    assert quiet > 2 * loud
    assert distance(centre[np.newaxis])[0] == pytest.approx(0)


def test_a_network_that_learned_nothing_puts_everything_at_one_place() -> None:
    distance = EmbeddingDistance.fit(np.zeros((4, 2)), np.array([0, 0, 1, 1]))
    np.testing.assert_array_equal(distance(np.ones((3, 2))), 0)


def test_a_class_without_slices_has_no_mean() -> None:
    with pytest.raises(ValueError, match="without slices"):
        EmbeddingDistance.fit(np.zeros((2, 2)), np.array([0, 2]))


def test_embeddings_are_those_of_the_graph_in_the_order_of_the_rows(
    tmp_path: Path, tiny_bundle: Path, slice_png: Callable[..., bytes]
) -> None:
    rows = []
    for i in range(70):  # more than one batch
        path = tmp_path / f"{i:03d}.png"
        path.write_bytes(slice_png(i % 3, seed=i % 7))
        rows.append(Row(path))
    told: list[tuple[int, int]] = []
    found = embeddings(
        load_bundle(tiny_bundle),
        Manifest(tmp_path, tuple(rows)),
        tmp_path / "cache",
        lambda done, total: told.append((done, total)),
    )
    # The tiny network's embedding is the brightness of the quadrants.
    assert found.shape == (70, 4)
    assert found.argmax(axis=1).tolist() == [i % 3 for i in range(70)]
    np.testing.assert_array_equal(found[0], found[21])
    assert told == [(64, 70), (70, 70)]
