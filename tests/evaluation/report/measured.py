"""A small evaluation with known figures."""

import numpy as np

from brainlens.evaluation.counts import Counts
from brainlens.evaluation.evaluation import Evaluation, Measurement
from brainlens.evaluation.metrics import metrics
from brainlens.evaluation.scores import Scores
from brainlens.outcomes import Outcome

CLASSES = ("alpha", "beta", "gamma")


def measurement_of_ten(rejected: bool = False) -> Measurement:
    probabilities = np.array([[0.8, 0.1, 0.1]] * 6 + [[0.1, 0.6, 0.3]] * 3 + [[0.2, 0.2, 0.6]])
    if rejected:
        probabilities[0] = np.nan
    truth = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    scores = Scores.from_probabilities(probabilities, truth, [True] * 6 + [False] * 4, range(10))
    found = metrics(
        scores, CLASSES, split="test", protocol="given", n_patients=10, decision_sha256="a" * 64
    )
    confusion = Counts.per_unit(scores).total().confusion.astype(np.int64)
    return Measurement(n_slices=10, n_patients=10, metrics=found, confusion=confusion)


def evaluation_of(measurement: Measurement, class_ids: tuple[str, ...] = CLASSES) -> Evaluation:
    return Evaluation(
        model="tiny 0.0.1",
        decision_sha256="a" * 64,
        class_ids=class_ids,
        split="test",
        protocol="given",
        threshold=0.7,
        outcomes=(Outcome("alpha/1.png", label="alpha", status="answered"),),
        all=measurement,
        unseen=None,
        unshared=None,
        n_failed=0,
        n_seen=0,
        knows_seen=True,
        n_unlabelled=0,
        unmatched={},
        aliases={},
    )
