"""The outcomes that a bundle is calibrated on, and what was left out of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from brainlens.bundle.load import Bundle
from brainlens.bundle.schema import BundleInfo
from brainlens.classes import TruthMap
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.errors import DataError, UsageError
from brainlens.evaluation.evaluate import evaluate
from brainlens.outcomes import Outcome, read_outcomes

TEST = "test"
GIVEN = "given"


@dataclass(frozen=True)
class CalibrationOutcomes:
    """What can be calibrated on, and how much could not be.

    Attributes
    ----------
    outcomes
        Answers about slices of known class that the network was not trained on; the labels are
        class ids.
    split, protocol
        Which slices, and how they were set apart from the training.
    out_of_fold
        Whether they are answers of networks trained in the same way, not of this one.
    n_failed, n_unlabelled, n_seen, n_test
        Slices left out: without an answer, without a label, seen in training, of patients of the
        bundle's own test split.
    unmatched
        Label that means none of the classes → number of slices left out.
    aliases
        Label that was taken for another class id → that id.
    """

    outcomes: tuple[Outcome, ...]
    split: str
    protocol: str
    out_of_fold: bool
    n_failed: int = 0
    n_unlabelled: int = 0
    n_seen: int = 0
    n_test: int = 0
    unmatched: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


def own_outcomes(
    bundle: Bundle,
    manifest: Manifest,
    *,
    split: str = "val",
    explicit_map: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> CalibrationOutcomes:
    """Ask the bundle about the slices of one split.

    Parameters
    ----------
    bundle, manifest, explicit_map, workers, progress
        See `brainlens.evaluation.evaluate.evaluate`.
    split
        ``val`` or ``test``. All slices of a manifest without splits are taken.

    Raises
    ------
    DataError
        If no slice is left.
    """
    # A prior in the bundle belongs to what was calibrated before.
    plain = replace(bundle, info=bundle.info.model_copy(update={"prior": None}))
    if not any(row.split for row in manifest.rows):
        split = TEST
    evaluation = evaluate(
        plain, manifest, split=split, explicit_map=explicit_map, workers=workers, progress=progress
    )
    answered = [outcome for outcome in evaluation.outcomes if not outcome.error]
    unseen = tuple(outcome for outcome in answered if not outcome.seen_in_training)
    _refuse_nothing(unseen, len(answered))
    return CalibrationOutcomes(
        outcomes=unseen,
        split=split,
        protocol=evaluation.protocol,
        out_of_fold=False,
        n_failed=evaluation.n_failed,
        n_unlabelled=evaluation.n_unlabelled,
        n_seen=len(answered) - len(unseen),
        unmatched=evaluation.unmatched,
        aliases=evaluation.aliases,
    )


def out_of_fold_outcomes(
    bundle: Bundle,
    paths: Iterable[Path],
    *,
    manifest: Manifest | None = None,
    protocol: str | None = None,
    explicit_map: Mapping[str, str] | None = None,
) -> CalibrationOutcomes:
    """Read outcomes of networks trained in the same way, each about patients it never saw.

    Parameters
    ----------
    bundle
        The bundle to calibrate.
    paths
        Files of outcomes. The networks must be at the same stage as the bundle (both not yet
        calibrated, or both).
    manifest
        Where given, slices of patients (or groups) of its split ``test`` are left out, so that the
        bundle can still be measured on them.
    protocol
        How the folds were made; default the manifest's, else ``given``.
    explicit_map
        Label → class id.

    Raises
    ------
    DataError
        If a file is damaged, a slice stands in it twice, it is about other classes, or no slice is
        left.
    UsageError
        If the bundle has a prior, or ``explicit_map`` names a class that it does not have.
    """
    info = bundle.info
    if info.prior is not None:
        raise UsageError(
            "The bundle's probabilities are turned to another class mix already.",
            hint="Calibrate the bundle that it was made from.",
        )
    found = [outcome for path in paths for outcome in read_outcomes(path)]
    _refuse_twice(found)
    answered = [outcome for outcome in found if not outcome.error]
    labelled = [outcome for outcome in answered if outcome.label]
    truth = _truth_map(info, explicit_map)
    matched = [replace(o, label=c) for o in labelled if (c := truth.find(o.label)) is not None]
    unmatched = Counter(o.label for o in labelled if truth.find(o.label) is None)
    unseen = [outcome for outcome in matched if not outcome.seen_in_training]
    in_test = _test_patients(manifest)
    kept = tuple(outcome for outcome in unseen if not in_test(outcome))
    _refuse_nothing(kept, len(found))
    _refuse_other_classes(kept, [c.id for c in info.classes])
    return CalibrationOutcomes(
        outcomes=kept,
        split=TEST,
        protocol=protocol or (manifest.protocol if manifest is not None else GIVEN),
        out_of_fold=True,
        n_failed=len(found) - len(answered),
        n_unlabelled=len(answered) - len(labelled),
        n_seen=len(matched) - len(unseen),
        n_test=len(unseen) - len(kept),
        unmatched=dict(unmatched),
        aliases=dict(sorted(truth.aliases_used)),
    )


def _truth_map(info: BundleInfo, explicit: Mapping[str, str] | None) -> TruthMap:
    try:
        return TruthMap(info.classes, explicit)
    except ValueError as error:
        ids = ", ".join(c.id for c in info.classes)
        raise UsageError(f"The map does not fit: {error}.", hint=f"Classes: {ids}.") from error


def _test_patients(manifest: Manifest | None) -> Callable[[Outcome], bool]:
    """Return what tells whether a slice is of a patient or a group of the split ``test``."""
    if manifest is None:
        return lambda _: False
    rows, root = manifest.select(split=TEST).rows, manifest.root
    patients = {row.patient for row in rows} - {""}
    groups = {row.group for row in rows} - {""}
    paths = {row.path.relative_to(root).as_posix() for row in rows if root in row.path.parents}
    return lambda o: o.patient in patients or o.group in groups or o.path in paths


def _refuse_twice(outcomes: Sequence[Outcome]) -> None:
    (path, times), *_ = Counter(o.path for o in outcomes).most_common(1) or [("", 0)]
    if times > 1:
        raise DataError(
            f"The outcomes hold {path} {times} times.",
            hint="Give outcomes in which each slice was held out once.",
        )


def _refuse_nothing(kept: Sequence[Outcome], n_found: int) -> None:
    if not kept:
        raise DataError(
            f"None of the {n_found} slices can be calibrated on: each is without an answer or a "
            "class of the model, was seen in training, or is of a test patient.",
            hint="Give slices with labels that the model was not trained on.",
        )


def _refuse_other_classes(outcomes: Sequence[Outcome], class_ids: Sequence[str]) -> None:
    for outcome in outcomes:
        if outcome.probabilities and set(outcome.probabilities) != set(class_ids):
            raise DataError(
                f"The outcome of {outcome.path} is about {', '.join(outcome.probabilities)}; the "
                f"model's classes are {', '.join(class_ids)}.",
                hint="Give outcomes of networks of the same classes.",
            )
