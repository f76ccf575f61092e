import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brainlens.inference.gates.subspace import Subspace


@given(st.integers(0, 1000), st.integers(1, 6))
def test_distances_are_mahalanobis_with_the_covariance_written_out(seed: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    size = 8
    directions, _ = np.linalg.qr(rng.normal(size=(size, rank)))
    deviations = rng.uniform(0.5, 3, rank)
    rest = 0.4
    mean, scale = rng.normal(size=size), rng.uniform(0.5, 2, size)
    subspace = Subspace(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        axes=(directions / deviations).T.astype(np.float32),
        rest=np.array([rest], np.float32),
    )
    spanned = directions @ directions.T
    covariance = (directions * deviations**2) @ directions.T + rest**2 * (np.eye(size) - spanned)
    points = rng.normal(size=(5, size)) * 3
    away = (points - mean) / scale
    expected = np.sqrt(np.einsum("nd,de,ne->n", away, np.linalg.inv(covariance), away) / size)
    np.testing.assert_allclose(subspace.distances(points), expected, rtol=1e-4)
    longer = subspace.stretched(1.7).distances(points)
    np.testing.assert_allclose(longer, 1.7 * expected, rtol=1e-4)
