from dataclasses import replace

import numpy as np

from brainlens.evaluation.evaluation import Measurement
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.summary import three_sentences, warnings
from brainlens.outcomes import Outcome

from .measured import evaluation_of, measurement_of_ten


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_three_sentences_say_how_good_how_sure_and_where_weak() -> None:
    right, threshold, weakest = map(_plain, three_sentences(evaluation_of(measurement_of_ten())))
    assert right.startswith("The model names the right class of 70.0 % (95 % interval ")
    assert "10 slices of 10 patients" in right
    assert right.endswith("always naming the most frequent class would reach 70.0 %.")
    # Six of ten are answered; five of those six are right.
    assert "At its threshold of 70 % confidence it answers 60.0 % (95 % interval" in threshold
    assert "of which 16.7 % (95 % interval 0.0 to " in threshold
    assert weakest.startswith("It is weakest on beta: it finds 66.7 % (95 % interval")
    assert weakest.endswith("takes the others most often for alpha.")


def test_a_model_without_a_miss_has_no_weakest_class() -> None:
    part = measurement_of_ten()
    perfect = replace(part, confusion=np.array([[5, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]]))
    assert three_sentences(evaluation_of(perfect))[2] == "It found every slice of every class."


def test_rejected_slices_are_no_class() -> None:
    part = measurement_of_ten()
    rejected = replace(part, confusion=np.array([[7, 0, 0, 0], [0, 1, 0, 2], [0, 0, 0, 0]]))
    assert "most often for no brain MR" in three_sentences(evaluation_of(rejected))[2]


def test_nothing_answered_and_nothing_measured() -> None:
    nothing = Measurement(0, None, (), np.zeros((3, 4), np.int64))
    right, threshold, weakest = three_sentences(evaluation_of(nothing))
    assert "class of undefined of 0 slices" in right
    assert threshold.endswith("it answers undefined of them.")
    assert weakest == "No class has a slice, so nothing can be said of any."


def test_an_interval_that_is_not_there_is_said() -> None:
    part = measurement_of_ten()
    metrics = tuple(metric.model_copy(update={"interval": None}) for metric in part.metrics)
    right, threshold, _ = map(
        _plain, three_sentences(evaluation_of(replace(part, metrics=metrics)))
    )
    assert "70.0 % (no interval)" in right
    assert "of which 16.7 % are wrong" in threshold


def test_what_makes_figures_doubtful_comes_first(findings: Findings) -> None:
    evaluation = replace(
        evaluation_of(measurement_of_ten()),
        protocol="random",
        cautions=("LEAKY",),
        notes=("A note.",),
        n_seen=3,
        n_failed=2,
        n_unlabelled=4,
        aliases={"tumeur": "alpha"},
        unmatched={"delta": 5},
        outcomes=(
            Outcome.failed("1.png", "unreadable_image: damaged", label="alpha"),
            Outcome.failed("2.png", "unreadable_image: damaged", label="beta"),
        ),
    )
    found = list(warnings(replace(findings, evaluation=evaluation)))
    assert [weight for weight, _ in found] == ["bad"] * 3 + ["doubt"] * 2 + ["note"] * 4
    text = " ".join(words for _, words in found)
    for part in (
        "LEAKY", "what leaking buys", "trained on 3 of these 2", "10 patients only", "A note.",
        "tumeur was taken for alpha", "delta (5 images)", "left out: 4 images",
        "2 images (unreadable_image 2)",
    ):  # fmt: skip
        assert part in text


def test_a_split_that_leaks_and_a_model_that_cannot_tell_are_said(findings: Findings) -> None:
    evaluation = replace(evaluation_of(measurement_of_ten()), knows_seen=False)
    manifest = findings.manifest
    assert manifest is not None
    groups = manifest.with_rows(replace(row, group="g") for row in manifest.rows)
    said = [text for _, text in warnings(Findings(evaluation, None, groups))]
    assert said[0].startswith("Group-ambiguous split")
    assert "does not record what it was trained on" in said[1]
    one = manifest.with_rows(replace(row, patient="p") for row in manifest.rows)
    weight, text = next(iter(warnings(Findings(evaluation, None, one))))
    assert weight == "bad"
    assert text.startswith("Leaky split")


def test_what_every_reader_must_know_of_the_model_comes_first(findings: Findings) -> None:
    bundle = findings.bundle
    assert bundle is not None
    info = bundle.info.model_copy(update={"must_know": ("It answers about anything.",)})
    known = replace(findings, bundle=replace(bundle, info=info))
    assert ("doubt", "It answers about anything.") in list(warnings(known))[:3]
