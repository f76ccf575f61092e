"""Curves against the same figures counted by hand, and their way through a bundle."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from brainlens.bundle.load import load_bundle
from brainlens.bundle.revise import revise
from brainlens.evaluation.curves import measured_curves
from brainlens.evaluation.evaluation import Evaluation, Measurement
from brainlens.outcomes import Outcome

CLASSES = ("alpha", "beta", "gamma")


def outcome(number: int, rng: np.random.Generator) -> Outcome:
    shares = rng.dirichlet(np.full(3, 0.5))
    label = CLASSES[int(rng.choice(3, p=0.7 * shares + 0.1))]
    best = int(shares.argmax())
    return Outcome(
        path=f"{number}.png",
        label=label,
        patient=f"p{number // 3}",
        status="answered" if shares[best] >= 0.7 else "abstained",
        reasons=() if shares[best] >= 0.7 else ("low_confidence",),
        predicted_class=CLASSES[best],
        confidence=float(shares[best]),
        probabilities=dict(zip(CLASSES, shares.tolist(), strict=True)),
    )


def evaluation(outcomes: list[Outcome]) -> Evaluation:
    return Evaluation(
        model="tiny 0.0.1",
        decision_sha256="ab" * 32,
        class_ids=CLASSES,
        split="test",
        protocol="grouped",
        threshold=0.7,
        outcomes=tuple(outcomes),
        all=Measurement(len(outcomes), None, (), np.zeros((3, 4), dtype=np.int64)),
        unseen=None,
        unshared=None,
        n_failed=0,
        n_seen=0,
        knows_seen=True,
        n_unlabelled=0,
        unmatched={},
        aliases={},
    )


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    rng = np.random.default_rng(5)
    return [outcome(number, rng) for number in range(90)]


def test_risk_and_confusion_are_what_counting_gives(outcomes: list[Outcome]) -> None:
    curves = measured_curves(evaluation(outcomes), data="ours", thresholds=(0.9, 0.6), draws=50)

    assert [row.threshold for row in curves.risk] == [0.6, 0.9]
    for row in curves.risk:
        answered = [o for o in outcomes if (o.confidence or 0) >= row.threshold]
        wrong = [o for o in answered if o.predicted_class != o.label]
        assert row.answer_rate == pytest.approx(len(answered) / 90)
        assert row.error == pytest.approx(len(wrong) / len(answered))
        assert row.error is not None
        assert row.error_interval is not None
        assert row.error_interval[0] <= row.error <= row.error_interval[1]
    by_sklearn = confusion_matrix(
        [o.label for o in outcomes], [o.predicted_class for o in outcomes], labels=CLASSES
    )
    assert [list(row[:3]) for row in curves.confusion] == by_sklearn.tolist()
    assert (curves.n_slices, curves.n_patients, curves.data) == (90, 30, "ours")
    assert sum(row.n for row in curves.reliability) == pytest.approx(90)


def test_slices_of_the_training_and_failures_do_not_count(outcomes: list[Outcome]) -> None:
    seen = [replace(o, seen_in_training=True) for o in outcomes[:30]]
    failed = [replace(o, error="damaged") for o in outcomes[30:33]]

    curves = measured_curves(
        evaluation([*seen, *failed, *outcomes[33:]]), thresholds=(0.5,), draws=20
    )

    assert curves.n_slices == 57
    assert sum(map(sum, curves.confusion)) == 57


def test_nothing_answered_has_no_error_and_rejected_slices_their_own_column(
    outcomes: list[Outcome],
) -> None:
    rejected = [
        replace(o, status="rejected", predicted_class=None, confidence=None, probabilities={})
        for o in outcomes
    ]

    curves = measured_curves(evaluation(rejected), thresholds=(0.5,), draws=20)

    assert curves.risk[0].answer_rate == 0
    assert curves.risk[0].error is None
    assert curves.reliability == ()
    assert sum(row[3] for row in curves.confusion) == 90


def test_unknown_patient_makes_their_number_unknown(outcomes: list[Outcome]) -> None:
    curves = measured_curves(
        evaluation([replace(outcomes[0], patient=""), *outcomes[1:]]), thresholds=(), draws=20
    )

    assert curves.n_patients is None


def test_bundle_carries_curves_and_keeps_its_decision(
    outcomes: list[Outcome], tiny_bundle: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(tiny_bundle)
    curves = measured_curves(evaluation(outcomes), thresholds=(0.7,), draws=20)

    revised = revise(bundle, tmp_path / "revised", curves=(curves,))

    assert load_bundle(tmp_path / "revised").info.curves == (curves,)
    assert revised.info.decision_sha256 == bundle.info.decision_sha256
