from dataclasses import replace

from brainlens.evaluation.report.error_section import MOST, errors, worst_errors
from brainlens.evaluation.report.findings import Findings
from brainlens.outcomes import Outcome


def _wrong(name: str, confidence: float, status: str = "answered") -> Outcome:
    return Outcome(
        name,
        "alpha",
        status=status,  # type: ignore[arg-type]  # two of the statuses
        predicted_class="beta",
        confidence=confidence,
        probabilities={"alpha": 1 - confidence, "beta": confidence},
    )


def test_answers_come_before_what_was_held_back_the_surest_first() -> None:
    right = Outcome("r", "beta", status="answered", predicted_class="beta", confidence=0.9)
    rejected = Outcome("x", "beta", status="rejected")
    failed = Outcome.failed("f", "unreadable_image: no", label="beta")
    unlabelled = Outcome("u", status="answered", predicted_class="beta", confidence=1.0)
    outcomes = (
        _wrong("held", 0.99, "abstained"), _wrong("c", 0.8), right, _wrong("b", 0.95),
        _wrong("a", 0.8), rejected, failed, unlabelled,
    )  # fmt: skip
    assert [o.path for o in worst_errors(outcomes)] == ["b", "a", "c", "held"]
    assert [o.path for o in worst_errors(outcomes, 2)] == ["b", "a"]


def test_each_error_shows_truth_answer_and_pictures(findings: Findings) -> None:
    text = errors(findings)
    assert text.count("<li>") == 2
    assert text.count("<img") == 4
    assert "2 wrong classes." in text
    assert 'class="tag bad">answered' in text
    assert "Patient p5" in text
    assert "gamma/11 &lt;b&gt;.png" not in text
    assert "&lt;b&gt;.png" in text
    assert "<b>.png" not in text


def test_of_many_errors_twenty_are_shown(bare: Findings) -> None:
    many = tuple(_wrong(f"/home/owner/secret/set/{i}.png", i / 100) for i in range(60, 90))
    text = errors(replace(bare, evaluation=replace(bare.evaluation, outcomes=many)))
    assert text.count("<li>") == MOST
    assert "30 wrong classes; the 20 that the model was surest of" in text
    assert "secret/set/60.png" not in text
    assert "secret/set/89.png" in text
    assert "owner" not in text
    assert text.count("The image is not at hand.") == MOST


def test_no_error_is_said(bare: Findings) -> None:
    right = tuple(o for o in bare.evaluation.outcomes if o.predicted_class == o.label)
    text = errors(replace(bare, evaluation=replace(bare.evaluation, outcomes=right)))
    assert "named no wrong class" in text
    one = (_wrong("a", 0.8),)
    assert "One wrong class." in errors(
        replace(bare, evaluation=replace(bare.evaluation, outcomes=one))
    )
