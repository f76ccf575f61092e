"""Distance to what a model was trained on, in a space of few dimensions."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """A Gaussian of low rank: probabilistic principal components (Tipping and Bishop, 1999).

    Attributes
    ----------
    mean
        float32 [D].
    scale
        float32 [D], each above 0: features are divided by it after the mean is taken off.
    axes
        float32 [r, D]: orthonormal directions divided by the standard deviation along each.
    rest
        float32 [1], above 0: standard deviation in every other direction.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float32]
    rest: NDArray[np.float32]

    def stretched(self, factor: float) -> "Subspace":
        """Return the subspace whose distances are ``factor`` times as long."""
        return replace(
            self,
            axes=(self.axes * factor).astype(np.float32),
            rest=(self.rest / factor).astype(np.float32),
        )

    def distances(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the Mahalanobis distance of n slices, divided by √D so that about 1 is usual.

        Parameters
        ----------
        features
            Shape [n, D].

        Returns
        -------
        ndarray of float64, shape [n]
        """
        away = (np.asarray(features, np.float64) - self.mean) / self.scale
        axes = self.axes.astype(np.float64)
        along = away @ axes.T
        # The axes carry 1 / deviation; what they span is taken off by their unit directions.
        lengths = np.linalg.norm(axes, axis=1)
        spanned = (along / lengths) ** 2
        left = np.maximum((away**2).sum(axis=1) - spanned.sum(axis=1), 0)
        squared = (along**2).sum(axis=1) + left / float(self.rest[0]) ** 2
        result: NDArray[np.float64] = np.sqrt(squared / away.shape[1])
        return result
