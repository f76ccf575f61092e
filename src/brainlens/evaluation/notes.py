"""What a reader must know of the data before believing the figures, in whole sentences."""

from collections.abc import Mapping, Sequence

from brainlens.evaluation.measure import Measurements
from brainlens.evaluation.scores import unit_of
from brainlens.outcomes import Outcome

_KINDS: Mapping[str, str] = {"patient": "patient", "group": "group of slices", "slice": "slice"}


def notes(
    measured: Measurements,
    outcomes: Sequence[Outcome],
    class_ids: Sequence[str],
    unreadable_masks: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the sentences, none where nothing is amiss.

    Parameters
    ----------
    measured
        The figures.
    outcomes
        The slices that they are of: those that got an answer.
    class_ids
        Class ids in the bundle's order.
    unreadable_masks
        Masks that could not be read, and why.
    """
    return (
        *_all_seen(measured, len(outcomes)),
        *_patients(measured, outcomes),
        *_units(outcomes),
        *_classes(outcomes, class_ids),
        *_masks(unreadable_masks),
    )


def _all_seen(measured: Measurements, n: int) -> tuple[str, ...]:
    if measured.n_seen < n:
        return ()
    return (
        "The model was trained on every one of these images: the figures show what it remembers, "
        "not what it can do with new ones.",
    )


def _patients(measured: Measurements, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    said = []
    unknown = sum(not outcome.patient for outcome in outcomes)
    if unknown:
        of = "every image" if unknown == len(outcomes) else f"{unknown} of {len(outcomes)} images"
        said.append(
            f"The patient of {of} is not known, so there are no figures by patient. Where several "
            "such images are of one patient, the intervals are too narrow."
        )
    if measured.n_mixed_patients:
        said.append(
            f"Patients with images of several classes, so not in the figures by patient: "
            f"{measured.n_mixed_patients}."
        )
    if measured.patients is not None:
        said.append(
            "Figures by patient combine images that were chosen because they show a tumour; they "
            "say nothing of whole examinations."
        )
    return tuple(said)


def _units(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    units = {unit_of(outcome.patient, outcome.group, outcome.path) for outcome in outcomes}
    if len(units) > 1:
        return ()
    ((kind, _),) = units
    return (
        f"There is only one {_KINDS[kind]}: no interval can be given, and nothing follows for "
        "others.",
    )


def _classes(outcomes: Sequence[Outcome], class_ids: Sequence[str]) -> tuple[str, ...]:
    present = {outcome.label for outcome in outcomes}
    missing = [class_id for class_id in class_ids if class_id not in present]
    if not missing:
        return ()
    said = [
        f"No image is of {', '.join(missing)}: sensitivity, AUROC and AUPRC are undefined there, "
        "and means over classes leave it out."
    ]
    if len(present) == 1:
        said.append("All images are of one class, so nothing can be said of telling it apart.")
    return tuple(said)


def _masks(unreadable: Sequence[str]) -> tuple[str, ...]:
    if not unreadable:
        return ()
    return (
        f"Masks that cannot be read: {len(unreadable)}; their images are in no group by lesion "
        f"size. The first: {unreadable[0]}",
    )
