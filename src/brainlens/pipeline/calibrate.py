"""Calibrating a bundle: fit on outcomes, write a new bundle that carries what was fitted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from brainlens.bundle.calibration import Calibration
from brainlens.bundle.load import Bundle
from brainlens.bundle.revise import revise
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.errors import UsageError
from brainlens.evaluation.calibration_fit import CalibrationFit, fit_calibration
from brainlens.evaluation.risk import THRESHOLDS, risk_curve
from brainlens.evaluation.target_error import LEVEL
from brainlens.pipeline.calibration_outcomes import CalibrationOutcomes, own_outcomes

_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A calibrated bundle and how it came about.

    Attributes
    ----------
    bundle
        The new bundle, loaded and verified.
    fit
        What was fitted and measured.
    source
        What it was fitted on.
    """

    bundle: Bundle
    fit: CalibrationFit
    source: CalibrationOutcomes


def calibrate(
    bundle: Bundle,
    manifest: Manifest,
    out: Path,
    *,
    split: str = "val",
    explicit_map: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    target_error: float | None = None,
    level: float = LEVEL,
    prior: Mapping[str, float] | None = None,
) -> Calibrated:
    """Ask a bundle about slices that it was not trained on, and calibrate it on its answers.

    Parameters
    ----------
    bundle, out, target_error, level, prior
        See `calibrate_on`.
    manifest, split, explicit_map, workers, progress
        See `own_outcomes`.

    Raises
    ------
    UsageError, DataError, StorageError
        See `calibrate_on` and `own_outcomes`.
    """
    require_possible(bundle, out, prior=prior, target_error=target_error)
    source = own_outcomes(
        bundle,
        manifest,
        split=split,
        explicit_map=explicit_map,
        workers=workers,
        progress=progress,
    )
    return calibrate_on(bundle, source, out, target_error=target_error, level=level, prior=prior)


def calibrate_on(
    bundle: Bundle,
    source: CalibrationOutcomes,
    out: Path,
    *,
    target_error: float | None = None,
    level: float = LEVEL,
    prior: Mapping[str, float] | None = None,
) -> Calibrated:
    """Write a new bundle with temperature, prediction sets, thresholds and their record.

    Parameters
    ----------
    bundle
        The bundle to start from; stays as it is.
    source
        See `own_outcomes` and `out_of_fold_outcomes`.
    out
        Folder of the new bundle; must not exist.
    target_error
        Wanted bound on the error among the answered, in (0, 1); the threshold for it is stored
        beside the bundle's own, or that there is none.
    level
        How sure bounds on the error must be, in (0, 1).
    prior
        Class id → share of the class where the model will be used, above 0, summing to 1.

    Raises
    ------
    UsageError
        If ``out`` exists, the prior does not fit the classes, or it comes with a target error.
    DataError
        If the outcomes do not suffice.
    StorageError
        If the file system refuses to write.
    """
    require_possible(bundle, out, prior=prior, target_error=target_error)
    info = bundle.info
    class_ids = tuple(c.id for c in info.classes)
    fit = fit_calibration(
        source.outcomes,
        class_ids,
        threshold=info.thresholds.confidence,
        target_error=target_error,
        level=level,
        prior=prior,
        own_folds=source.out_of_fold,
    )
    thresholds = info.thresholds.model_copy(
        update={"target_error": fit.target_error, "prediction_sets": fit.sets}
    )
    written = revise(
        bundle,
        out,
        temperature=info.temperature * fit.temperature,
        prior=fit.prior,
        thresholds=thresholds,
        risk_coverage=[point.to_row() for point in risk_curve(fit.confidences, THRESHOLDS)],
        calibration=_record(fit, source),
    )
    return Calibrated(written, fit, source)


def require_possible(
    bundle: Bundle,
    out: Path,
    *,
    prior: Mapping[str, float] | None = None,
    target_error: float | None = None,
) -> None:
    """Check what can be checked before the long part; see `calibrate_on`.

    Raises
    ------
    UsageError
        If ``out`` exists, the prior does not fit the classes, or it comes with a target error.
    """
    if out.exists():
        raise UsageError(
            f"{out} exists; a bundle is never overwritten.", hint="Give another folder."
        )
    if prior is not None:
        _check_prior(prior, tuple(c.id for c in bundle.info.classes), target_error)


def _record(fit: CalibrationFit, source: CalibrationOutcomes) -> Calibration:
    return Calibration(
        source="out-of-fold" if source.out_of_fold else "own",
        split=source.split,
        protocol=source.protocol,
        n_slices=fit.n_slices,
        n_patients=fit.n_patients,
        class_mix=fit.class_mix,
        before=fit.before,
        after=fit.after,
        sets=fit.set_figures,
        error_bound=fit.error_bound,
    )


def _check_prior(
    prior: Mapping[str, float], class_ids: tuple[str, ...], target_error: float | None
) -> None:
    if target_error is not None:
        raise UsageError(
            "A bound on the error holds for the class mix of the data, not for another.",
            hint="Leave out --target-error or --prior.",
        )
    if set(prior) != set(class_ids):
        raise UsageError(
            f"The class mix names {', '.join(sorted(prior))}.",
            hint=f"Give a share for each of {', '.join(class_ids)}.",
        )
    total = sum(prior.values())
    if min(prior.values()) <= 0 or not math.isclose(total, 1, abs_tol=_ROUNDING):
        raise UsageError(
            f"The shares of the class mix sum to {total:g}, or one is not above 0.",
            hint="Give shares above 0 that sum to 1.",
        )
