"""How far a slice lies, in the network's own features, from all that it was trained on.

The distance is Mahalanobis' to the nearest class mean, with one covariance for all classes (Lee,
Lee, Lee and Shin, 2018), shrunk as Ledoit and Wolf (2004) do: features are many, and patients few.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from brainlens.bundle.load import Bundle
from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.imaging.preprocess import standardise
from brainlens.inference.engine import EMBEDDING, Engine

Array = NDArray[np.float64]

_BATCH = 64


@dataclass(frozen=True, slots=True)
class EmbeddingDistance:
    """What the embeddings of the training slices look like.

    Attributes
    ----------
    means
        ``float64`` [C, D], of each class.
    precision
        ``float64`` [D, D], inverse of the covariance around the class means.
    """

    means: Array
    precision: Array

    @classmethod
    def fit(
        cls, embeddings: NDArray[np.floating], classes: NDArray[np.int64]
    ) -> "EmbeddingDistance":
        """Learn from the training slices.

        Parameters
        ----------
        embeddings
            [n, D], finite.
        classes
            [n], number of each slice's class; each from 0 to the largest occurs.

        Raises
        ------
        ValueError
            If a class number below the largest has no slice.
        """
        values = np.asarray(embeddings, dtype=np.float64)
        sizes = np.bincount(classes)
        if not sizes.all():
            raise ValueError("a class without slices has no mean")
        sums = np.zeros((len(sizes), values.shape[1]))
        np.add.at(sums, classes, values)
        means = sums / sizes[:, np.newaxis]
        covariance, _ = ledoit_wolf(values - means[classes], assume_centered=True)
        # Features that never vary (dead units of a network that learned nothing) have no inverse.
        return cls(means, np.linalg.pinv(covariance, hermitian=True))

    def __call__(self, embeddings: NDArray[np.floating]) -> Array:
        """Return the distance [n] of embeddings [n, D] to the nearest class mean, 0 or more."""
        values = np.asarray(embeddings, dtype=np.float64)
        squared = [
            np.einsum("nd,de,ne->n", away, self.precision, away, optimize=True)
            for away in (values - mean for mean in self.means)
        ]
        return np.asarray(np.sqrt(np.maximum(np.min(squared, axis=0), 0.0)), dtype=np.float64)


def embeddings(
    bundle: Bundle, manifest: Manifest, cache_folder: Path, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Return the embedding of every slice of a manifest, from the graph that is served.

    Parameters
    ----------
    bundle
        A loaded bundle.
    manifest
        The slices.
    cache_folder
        Where decoded slices are kept, see `Cache.build`.
    progress
        Called with (done, total).

    Returns
    -------
    ndarray of float32, shape [n, D]
        In the manifest's order.

    Raises
    ------
    DataError, ImageError
        If there are no slices, or one cannot be read.
    """
    spec = bundle.info.preprocess
    cache = Cache.build(manifest, spec, cache_folder)
    positions = cache.indices(manifest.rows)
    engine = Engine(bundle)
    parts = []
    for start in range(0, len(positions), _BATCH):
        images = cache.images[positions[start : start + _BATCH]]
        batch = standardise(images, spec)[:, np.newaxis]
        parts.append(engine.run(batch, (EMBEDDING,))[EMBEDDING])
        if progress is not None:
            progress(min(start + _BATCH, len(positions)), len(positions))
    return np.concatenate(parts)
