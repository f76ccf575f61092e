"""Fitting gates: what training slices are like, and how far from that is too far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.tensors import write_tensors
from brainlens.errors import DataError
from brainlens.evaluation.gate_features import GateFeatures
from brainlens.inference.gates import distance, image_sanity
from brainlens.inference.gates.image_sanity import ImageSanity
from brainlens.inference.gates.load import GATE
from brainlens.inference.gates.subspace import Subspace

RATE: Final = 0.02
"""Largest share of the calibration patients' slices that all gates together may object to."""
BEYOND: Final = 1.3
"""Times the distance from which a slice is abstained from: from there it is rejected."""
RANK: Final = 32
QUANTILES: Final = 101
"""Quantiles kept of the calibration slices' distances: what those of a service are held against."""
_SLICES_PER_AXIS: Final = 10
_LEAST_REACH: Final = 1e-6
_LEAST_SCALE: Final = 1e-3
"""Of the largest scale: a feature that never varied in training says little when it does."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GateFit:
    """Fitted gates.

    Attributes
    ----------
    records
        For ``gates`` of ``bundle.json``.
    statistics
        The content of ``gate.safetensors``.
    n_slices, n_groups
        What the limits were fitted on.
    objections
        Slices among them that some gate objects to.
    """

    records: tuple[dict[str, float | int | str], ...]
    statistics: bytes
    n_slices: int
    n_groups: int
    objections: int


def fit_gates(
    training: Sequence[GateFeatures],
    calibration: Sequence[GateFeatures],
    sanity: ImageSanity,
    rate: float = RATE,
) -> GateFit:
    """Fit distances on training slices and their limits on calibration patients.

    The limits are the narrowest for which all gates together object to at most ``rate`` of the
    calibration slices as they are, each distance giving way by the same number of slices. Where
    there are several views, each has its subspace, all are brought to one scale by the distance
    that ``rate`` of their own calibration slices exceed, and the nearest counts.

    Parameters
    ----------
    training
        Slices the network was trained on, view by view; the first holds them as they are.
    calibration
        Slices of patients it was not trained on, likewise.
    sanity
        The gate whose findings they hold.
    rate
        Largest share of false objections among the calibration slices, in (0, 1).

    Raises
    ------
    DataError
        If there are too few slices, a patient is on both sides, or image sanity alone objects to
        too many.
    """
    _check(training[0], calibration[0], rate)
    own = calibration[0].as_they_are()
    subspaces = {
        depth: _views(
            [features.by_depth[depth] for features in training],
            [features.by_depth[depth] for features in calibration],
            rate,
        )
        for depth in own.by_depth
    }
    distances = {
        depth: np.min([view.distances(own.by_depth[depth]) for view in views], axis=0)
        for depth, views in subspaces.items()
    }
    insane = np.array([finding is not None for finding in own.findings])
    allowed = int(rate * len(own))
    if insane.sum() > allowed:
        raise DataError(
            f"Image sanity objects to {int(insane.sum())} of {len(own)} slices.",
            hint="Look at their size, colour and aspect: they should be slices as a scanner "
            "makes them.",
        )
    limits, objected = _limits(distances, insane, allowed)
    records: list[dict[str, float | int | str]] = [{GATE: image_sanity.NAME, **_numbers(sanity)}]
    for depth, limit in limits.items():
        records.append(
            {
                GATE: distance.NAME,
                "depth": depth,
                "abstain_above": limit,
                "reject_above": BEYOND * limit,
                # Left out where there is one, so that bundles made again keep their hash.
                **({distance.VIEWS: number} if (number := len(subspaces[depth])) > 1 else {}),
            }
        )
    return GateFit(
        records=tuple(records),
        statistics=write_tensors({**_tensors(subspaces), **_references(distances)}),
        n_slices=len(own),
        n_groups=len(set(own.groups)),
        objections=int(objected.sum()),
    )


def _views(
    training: Sequence[NDArray[np.floating]],
    calibration: Sequence[NDArray[np.floating]],
    rate: float,
) -> tuple[Subspace, ...]:
    """Fit a subspace to each view, and bring all to the scale of the first."""
    first, *others = map(fit_subspace, training)
    reach, *reaches = (
        _limit(view.distances(features), int(rate * len(features)))
        for view, features in zip((first, *others), calibration, strict=True)
    )
    brought = (
        view.stretched(reach / max(far, _LEAST_REACH))
        for view, far in zip(others, reaches, strict=True)
    )
    return (first, *brought)


def fit_subspace(features: NDArray[np.floating], rank: int = RANK) -> Subspace:
    """Fit a Gaussian of low rank (Tipping and Bishop, 1999).

    Parameters
    ----------
    features
        Shape [n, D], n ≥ 2.
    rank
        Most axes; fewer where slices or features are few.
    """
    values = np.asarray(features, np.float64)
    n, size = values.shape
    mean = values.mean(axis=0)
    spread = values.std(axis=0)
    scale = np.maximum(spread, max(_LEAST_SCALE * spread.max(), 1e-6))
    away = (values - mean) / scale
    _, singular, directions = np.linalg.svd(away, full_matrices=False)
    variances = singular**2 / n
    kept = max(1, min(rank, n // _SLICES_PER_AXIS, size // 2))
    left = max(variances[kept:].sum() / max(size - kept, 1), 1e-6)
    # Directions that varied less than the rest on average would weigh more than they can.
    deviations = np.sqrt(np.maximum(variances[:kept], left))
    return Subspace(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        axes=(directions[:kept] / deviations[:, np.newaxis]).astype(np.float32),
        rest=np.array([np.sqrt(left)], np.float32),
    )


def _check(training: GateFeatures, calibration: GateFeatures, rate: float) -> None:
    both = sorted(set(training.groups) & set(calibration.groups))
    if both:
        raise DataError(
            f"{len(both)} patients or groups are in the training and the calibration slices.",
            hint="Split the data by patient: brainlens data split.",
        )
    least = int(np.ceil(1 / rate))
    n_training, n_calibration = (len(f.as_they_are()) for f in (training, calibration))
    if n_training < 2 * _SLICES_PER_AXIS or n_calibration < least:
        raise DataError(
            f"{n_training} training and {n_calibration} calibration slices are too few.",
            hint=f"A rate of {rate:g} needs {least} calibration slices or more, and training "
            f"slices at least {2 * _SLICES_PER_AXIS}.",
        )


def _limits(
    distances: Mapping[str, Floats], insane: NDArray[np.bool_], allowed: int
) -> tuple[dict[str, float], NDArray[np.bool_]]:
    """Return the limit of each depth, and which slices some gate objects to."""
    for beyond in range(allowed, -1, -1):
        limits = {depth: _limit(found, beyond) for depth, found in distances.items()}
        objected = insane.copy()
        for depth, found in distances.items():
            objected |= found > limits[depth]
        if objected.sum() <= allowed:
            break
    return limits, objected


def _limit(distances: Floats, beyond: int) -> float:
    """Return a distance that ``beyond`` slices exceed, in the middle between it and the next."""
    ordered = np.sort(distances)[::-1]
    if beyond == 0:
        return float(ordered[0])
    return float((ordered[beyond - 1] + ordered[beyond]) / 2)


def _numbers(sanity: ImageSanity) -> dict[str, float]:
    return {name: float(getattr(sanity, name)) for name in sanity.__slots__}


def _tensors(subspaces: Mapping[str, tuple[Subspace, ...]]) -> dict[str, NDArray[np.float32]]:
    return {
        f"{distance.prefix(depth, number)}.{name}": getattr(view, name)
        for depth, views in subspaces.items()
        for number, view in enumerate(views)
        for name in view.__slots__
    }


def _references(distances: Mapping[str, Floats]) -> dict[str, NDArray[np.float32]]:
    steps = np.linspace(0, 1, QUANTILES)
    return {
        f"{depth}.{distance.REFERENCE}": np.quantile(found, steps).astype(np.float32)
        for depth, found in distances.items()
    }
