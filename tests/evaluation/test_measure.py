from dataclasses import replace

import numpy as np
import pytest

from brainlens.evaluation.evaluation import UNSEEN, UNSHARED
from brainlens.evaluation.measure import Measurements, measure
from brainlens.evaluation.notes import notes
from brainlens.outcomes import Outcome

CLASSES = ("a", "b")


def _outcome(
    path: str, label: str, share_of_a: float, patient: str = "", *, seen: bool = False
) -> Outcome:
    probabilities = {"a": share_of_a, "b": 1 - share_of_a}
    confidence = max(probabilities.values())
    return Outcome(
        path,
        label=label,
        patient=patient,
        status="answered" if confidence >= 0.7 else "abstained",
        predicted_class="a" if share_of_a >= 0.5 else "b",
        confidence=confidence,
        seen_in_training=seen,
        probabilities=probabilities,
    )


def _measure(outcomes: list[Outcome], **more: object) -> Measurements:
    return measure(
        outcomes,
        CLASSES,
        split="test",
        protocol="grouped",
        threshold=0.7,
        decision_sha256="d" * 64,
        draws=50,
        **more,  # type: ignore[arg-type]  # the tests' own choices
    )


FOUR = [
    _outcome("1", "a", 0.9, "p"),
    _outcome("2", "a", 0.4, "p"),
    _outcome("3", "b", 0.3, "q"),
    _outcome("4", "b", 0.6, "r"),
]


def test_by_patient_the_slices_are_combined() -> None:
    found = _measure(FOUR)
    assert found.all.value("accuracy") == pytest.approx(2 / 4)
    assert found.patients is not None
    assert found.patients.value("accuracy") == pytest.approx(2 / 3)
    assert found.patients.confusion.tolist() == [[1, 0, 0], [1, 1, 0]]
    # Only q's mean reaches 0.7: p has 0.65, r 0.6.
    assert found.patients.value("confident") == pytest.approx(1 / 3)
    assert (found.patients.n_slices, found.patients.n_patients) == (4, 3)
    assert {(m.level, m.n_slices, m.n_patients) for m in found.patients.metrics} == {
        ("patient", 4, 3)
    }
    assert found.patients.value("support", "b") == 2


def test_an_unknown_patient_leaves_no_figures_by_patient() -> None:
    outcomes = [*FOUR, _outcome("5", "a", 0.9)]
    found = _measure(outcomes)
    assert found.patients is None
    assert found.all.n_patients is None
    (said,) = notes(found, outcomes, CLASSES)
    assert said.startswith("The patient of 1 of 5 images is not known")
    unknown = [replace(outcome, patient="") for outcome in FOUR]
    (said,) = notes(_measure(unknown), unknown, CLASSES)
    assert said.startswith("The patient of every image is not known")


def test_a_patient_of_two_classes_is_left_out_and_told() -> None:
    outcomes = [*FOUR, _outcome("5", "a", 0.9, "q")]
    found = _measure(outcomes)
    assert found.patients is not None
    assert found.patients.n_patients == 2
    assert found.n_mixed_patients == 1
    assert any(
        said.startswith("Patients with images of several classes") and said.endswith("patient: 1.")
        for said in notes(found, outcomes, CLASSES)
    )
    everyone = [_outcome("1", "a", 0.9, "p"), _outcome("2", "b", 0.9, "p")]
    assert _measure(everyone).patients is None


def test_figures_by_patient_leave_out_what_was_seen_in_training() -> None:
    outcomes = [*FOUR[:3], replace(FOUR[3], seen_in_training=True)]
    found = _measure(outcomes, subgroups={"small": np.array([True, False, False, True])})
    assert (found.n_seen, found.unseen and found.unseen.n_slices) == (1, 3)
    assert found.patients is not None
    assert found.patients.n_patients == 2
    assert {m.protocol for m in found.patients.metrics} == {f"grouped, {UNSEEN}"}
    assert found.subgroups["small"].n_slices == 1


def test_where_all_were_seen_it_is_said() -> None:
    outcomes = [replace(outcome, seen_in_training=True) for outcome in FOUR]
    found = _measure(outcomes)
    assert found.unseen is not None
    assert found.unseen.metrics == ()
    assert found.patients is not None
    assert found.patients.n_patients == 3
    assert {m.protocol for m in found.patients.metrics} == {"grouped"}
    said = notes(found, outcomes, CLASSES)
    assert said[0].startswith("The model was trained on every one of these images")


def test_slices_of_shared_groups_are_left_out() -> None:
    found = _measure(FOUR, shared=np.array([False, True, False, False]))
    assert found.unshared is not None
    assert found.unshared.value("accuracy") == pytest.approx(2 / 3)
    assert {m.protocol for m in found.unshared.metrics} == {f"grouped, {UNSHARED}"}
    assert _measure(FOUR, shared=np.zeros(4, dtype=np.bool_)).unshared is None


def test_subgroups_say_their_name_and_empty_ones_are_left_out() -> None:
    groups = {"small": np.array([True, True, False, False]), "none": np.zeros(4, dtype=np.bool_)}
    found = _measure(FOUR, subgroups=groups)
    assert list(found.subgroups) == ["small"]
    assert found.subgroups["small"].value("accuracy") == pytest.approx(1 / 2)
    assert {m.subgroup for m in found.subgroups["small"].metrics} == {"small"}
    assert {m.subgroup for m in found.all.metrics} == {None}


def test_one_patient_has_figures_without_intervals() -> None:
    outcomes = [replace(outcome, patient="p") for outcome in FOUR[:2]]
    found = _measure(outcomes)
    assert found.all.value("accuracy") == pytest.approx(1 / 2)
    assert found.patients is not None
    assert {m.interval for m in (*found.all.metrics, *found.patients.metrics)} == {None}
    said = notes(found, outcomes, CLASSES)
    assert any(sentence.startswith("There is only one patient") for sentence in said)
    alone = [replace(outcomes[0], patient="")]
    assert any("only one slice" in s for s in notes(_measure(alone), alone, CLASSES))


def test_a_class_without_images_is_named() -> None:
    outcomes = FOUR[:2]
    said = notes(_measure(outcomes), outcomes, CLASSES)
    assert any(sentence.startswith("No image is of b:") for sentence in said)
    assert any("All images are of one class" in sentence for sentence in said)
    of_three = notes(_measure(FOUR), FOUR, ("a", "b", "c"))
    assert not any("All images are of one class" in sentence for sentence in of_three)


def test_masks_that_cannot_be_read_are_told() -> None:
    said = notes(_measure(FOUR), FOUR, CLASSES, ["m.png: damaged."])
    assert said[-1] == (
        "Masks that cannot be read: 1; their images are in no group by lesion size. The first: "
        "m.png: damaged."
    )


def test_draws_over_all_parts_are_told() -> None:
    told: list[tuple[int, int]] = []
    _measure(FOUR, progress=lambda *done: told.append(done))
    assert told[-1] == (100, 100)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_folds_pooled_are_measured_alike() -> None:
    # Several bundles answered: there is no one decision to name.
    found = measure(
        FOUR,
        CLASSES,
        split="test",
        protocol="grouped",
        threshold=0.7,
        decision_sha256=None,
        draws=9,
    )
    assert {m.decision_sha256 for m in found.all.metrics} == {None}


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        _measure([])
