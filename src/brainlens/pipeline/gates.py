"""Giving a bundle gates: fit on its training and calibration slices, write a new bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brainlens.bundle.load import Bundle
from brainlens.bundle.revise import revise
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.errors import DataError
from brainlens.evaluation.gate_features import gate_features
from brainlens.evaluation.gate_fit import RATE, GateFit, fit_gates
from brainlens.evaluation.gate_view import View, trained_on
from brainlens.inference.engine import EMBEDDING, FEATURE_STATISTICS, Engine
from brainlens.inference.gates.features import THUMBNAIL
from brainlens.inference.gates.image_sanity import ImageSanity

TRAINING = "train"


@dataclass(frozen=True, eq=False)
class Gated:
    """A bundle with gates and how they came about.

    Attributes
    ----------
    bundle
        The new bundle, loaded and verified.
    fit
        What was fitted.
    depths
        What distances are measured by.
    views
        As what slices are taken for the network's own.
    """

    bundle: Bundle
    fit: GateFit
    depths: tuple[str, ...]
    views: tuple[View, ...]


def give_gates(
    bundle: Bundle,
    manifest: Manifest,
    out: Path,
    *,
    split: str = "val",
    rate: float = RATE,
    views: Sequence[View] | None = None,
    progress: Progress | None = None,
) -> Gated:
    """Fit gates and write a new bundle with them.

    Parameters
    ----------
    bundle
        The bundle to start from; stays as it is.
    manifest
        The data set it was trained on, with its splits.
    out
        Folder of the new bundle; must not exist.
    split
        The calibration slices: of patients the network was not trained on.
    rate
        Largest share of the calibration slices that all gates together object to, in (0, 1).
    views
        As what slices are taken for the network's own; default as its preset trains on them.
    progress
        Called with (done, total) over the slices of all views.

    Raises
    ------
    DataError
        If a split is missing or its slices do not suffice.
    UsageError
        If ``out`` exists.
    StorageError
        If the file system refuses.
    """
    training = tuple(row for row in manifest.rows if row.split == TRAINING)
    calibration = tuple(row for row in manifest.rows if row.split == split)
    for name, rows in ((TRAINING, training), (split, calibration)):
        if not rows:
            raise DataError(
                f"The data have no split {name}.",
                hint="Give the manifest that the network was trained with, from its run's folder.",
            )
    depths = _depths(bundle)
    sanity = ImageSanity()
    views = trained_on(bundle.info.training.preset) if views is None else views
    parts = [(rows, view) for rows in (training, calibration) for view in views]
    total, done = sum(len(rows) for rows, _ in parts), 0
    measured = []
    for rows, view in parts:
        before = done

        def told(now: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + now, total)

        measured.append(gate_features(bundle, rows, depths, sanity, told, view=view))
        done += len(rows)
    fit = fit_gates(measured[: len(views)], measured[len(views) :], sanity, rate)
    made = revise(bundle, out, gate_statistics=fit.statistics, gates=fit.records)
    return Gated(made, fit, depths, tuple(views))


def _depths(bundle: Bundle) -> tuple[str, ...]:
    """Return early layers where the graph tells of them, else the slice itself; and the embedding.

    Not the embedding where training began with weights from elsewhere: it is then much the same
    for other scanners too (docs/gates.md), and would take half of the objections allowed.
    """
    early = FEATURE_STATISTICS if FEATURE_STATISTICS in Engine(bundle).outputs else THUMBNAIL
    return (early,) if bundle.info.training.start is not None else (EMBEDDING, early)
