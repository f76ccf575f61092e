"""The result in three sentences, and what must be said before them."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

import numpy as np

from brainlens.evaluation.evaluation import Evaluation, Measurement
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.wording import counted, interval, percent, with_interval

Weight = Literal["bad", "doubt", "note"]

#: Below this many patients an interval says little more than that there are few patients.
FEW_PATIENTS: Final = 20

_RANDOM: Final = (
    "Slices were split at random, so slices of one patient are on both sides: these figures show "
    "what leaking buys, not what the model is worth."
)


def three_sentences(evaluation: Evaluation) -> tuple[str, str, str]:
    """Return how often the model is right, what its threshold does, and where it is weakest."""
    part = evaluation.all
    patients = "" if part.n_patients is None else f" of {counted(part.n_patients, 'patient')}"
    right = (
        f"The model names the right class of {with_interval(part.find('accuracy'))} of "
        f"{counted(part.n_slices, 'slice')}{patients}; always naming the most frequent class would "
        f"reach {percent(_majority(part))}."
    )
    return right, _threshold(evaluation), _weakest(evaluation)


def warnings(findings: Findings) -> Iterator[tuple[Weight, str]]:
    """Yield what a reader must know before any figure, the gravest first."""
    evaluation = findings.evaluation
    for caution in evaluation.cautions:
        yield "bad", caution
    if findings.bundle is not None:
        for sentence in findings.bundle.info.must_know:
            yield "doubt", sentence
    check = findings.split_check
    if check is not None and check.status != "clean":
        yield ("bad" if check.status == "leaky" else "doubt"), check.sentence
    if evaluation.protocol == "random":
        yield "bad", _RANDOM
    if evaluation.n_seen:
        yield "bad", evaluation.seen_sentence
    elif not evaluation.knows_seen:
        yield "doubt", evaluation.seen_sentence
    yield from _of_the_data(evaluation)


def _of_the_data(evaluation: Evaluation) -> Iterator[tuple[Weight, str]]:
    patients = evaluation.all.n_patients
    if patients is not None and patients < FEW_PATIENTS:
        yield (
            "doubt",
            f"{counted(patients, 'patient')} only: whatever is found here may be different in "
            "others.",
        )
    for note in evaluation.notes:
        yield "doubt", note
    for label, class_id in evaluation.aliases.items():
        yield "note", f"{label} was taken for {class_id}, as the model's aliases say."
    for label, n in evaluation.unmatched.items():
        yield (
            "note",
            f"{label} ({counted(n, 'image')}) means no class of the model and is in no figure.",
        )
    if evaluation.n_unlabelled:
        yield "note", f"Without a label, so left out: {counted(evaluation.n_unlabelled, 'image')}."
    if evaluation.n_failed:
        reasons = Counter(o.error.partition(":")[0] for o in evaluation.outcomes if o.error)
        told = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common())
        yield (
            "note",
            f"Without an answer, so in no figure: {counted(evaluation.n_failed, 'image')} "
            f"({told}).",
        )


def _majority(part: Measurement) -> float | None:
    support = part.confusion.sum(axis=1)
    return float(support.max() / support.sum()) if support.sum() else None


def _threshold(evaluation: Evaluation) -> str:
    part = evaluation.all
    answered = part.find("confident")
    right = part.find("confident_accuracy")
    begin = (
        f"At its threshold of {100 * evaluation.threshold:g} % confidence it answers "
        f"{with_interval(answered)} of them"
    )
    if right is None or right.value is None:
        return f"{begin}."
    wrong = percent(1 - right.value)
    if right.interval is not None:
        low, high = right.interval
        wrong += f" (95 % interval {interval((1 - high, 1 - low))})"
    return f"{begin}, of which {wrong} are wrong; about the rest it abstains."


def _weakest(evaluation: Evaluation) -> str:
    found = [evaluation.all.find("sensitivity", c) for c in evaluation.class_ids]
    known = [(m.value, i, m) for i, m in enumerate(found) if m is not None and m.value is not None]
    if not known:
        return "No class has a slice, so nothing can be said of any."
    _, row, metric = min(known)[:3]
    errors = evaluation.all.confusion[row].copy()
    errors[row] = 0
    name = evaluation.class_ids[row]
    if not errors.any():
        return "It found every slice of every class."
    most = int(np.argmax(errors))
    other = evaluation.class_ids[most] if most < len(evaluation.class_ids) else "no brain MR"
    return (
        f"It is weakest on {name}: it finds {with_interval(metric)} of these slices, and takes the "
        f"others most often for {other}."
    )
