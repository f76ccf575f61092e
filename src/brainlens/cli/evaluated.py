"""What ``brainlens evaluate`` prints for people."""

from typing import TYPE_CHECKING

from brainlens.cli.console import counted, say, say_disclaimer, say_table
from brainlens.cli.labels import label_lines

if TYPE_CHECKING:
    from brainlens.evaluation.evaluation import Evaluation, Measurement
    from brainlens.evaluation.gate_effect import GateEffect
    from brainlens.evaluation.looking import Looking
    from brainlens.evaluation.report.findings import Findings
    from brainlens.evaluation.robustness.robustness import Robustness


def say_findings(findings: "Findings") -> None:
    """Print every figure, and before them what must be known."""
    evaluation = findings.evaluation
    _say_first(evaluation)
    _say_selections(evaluation)
    if evaluation.gates is not None:
        _say_gates(evaluation.gates)
    if findings.looking is not None:
        _say_looking(findings.looking)
    if findings.robustness is not None:
        _say_robustness(findings.robustness)
    say_disclaimer()


def _say_first(evaluation: "Evaluation") -> None:
    say(evaluation.seen_sentence, style="bold" if evaluation.n_seen else None)
    for caution in evaluation.cautions:
        say(caution, style="bold yellow")
    for line in (*label_lines(evaluation.aliases, evaluation.unmatched), *evaluation.notes):
        say(line, style="yellow")
    if evaluation.n_unlabelled:
        say(f"Without a label, so left out: {counted(evaluation.n_unlabelled, 'image')}.")
    if evaluation.n_failed:
        say(f"Without an answer, so in no figure: {counted(evaluation.n_failed, 'image')}:")
        for outcome in [o for o in evaluation.outcomes if o.error][:5]:
            say(f"  {outcome.path}: {outcome.error}")


def _say_selections(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.evaluation import UNSEEN, UNSHARED

    parts = [("", evaluation.all), (UNSEEN, evaluation.unseen), (UNSHARED, evaluation.unshared)]
    for words, part in parts:
        if part is not None:
            _say_figures(evaluation, part, words)
    _say_classes(evaluation)
    if evaluation.patients is not None:
        _say_patients(evaluation, evaluation.patients)
    if evaluation.subgroups:
        _say_subgroups(evaluation)


def _say_figures(evaluation: "Evaluation", part: "Measurement", words: str) -> None:
    from brainlens.evaluation.report.tables import overall_rows

    patients = "" if part.n_patients is None else f" of {counted(part.n_patients, 'patient')}"
    title = (
        f"{evaluation.model}, {evaluation.split} ({evaluation.protocol}"
        f"{', ' + words if words else ''}): {counted(part.n_slices, 'slice')}{patients}"
    )
    head = ("figure", "value", "95 % interval")
    rows = [
        (f"{name} {evaluation.threshold:g}" if name.endswith("threshold") else name, *rest)
        for name, *rest in overall_rows(part)
    ]
    say_table(title, head, rows)


def _say_classes(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.report.tables import class_head, class_rows, confusion_rows

    say_table("By class, each against the others", class_head(), class_rows(evaluation.all))
    rows = confusion_rows(evaluation.class_ids, evaluation.all)
    say_table("Confusion (columns: predicted class)", rows[0], rows[1:])


def _say_patients(evaluation: "Evaluation", part: "Measurement") -> None:
    from brainlens.evaluation.report.tables import class_head, class_rows

    words = f"{_parted(evaluation)}by patient, their slices combined"
    _say_figures(evaluation, part, words)
    say_table(
        "By class and patient, each class against the others",
        class_head("patient"),
        class_rows(part),
    )


def _say_subgroups(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.report.tables import SUBGROUP_HEAD, subgroup_rows

    say_table(
        f"By size of the lesion ({_parted(evaluation)}slice by slice)",
        SUBGROUP_HEAD,
        subgroup_rows(evaluation.subgroups),
    )


def _say_gates(effect: "GateEffect") -> None:
    rows = [
        (name.replace("_", " "), str(effect.without_gates[name]), str(figure))
        for name, figure in effect.with_gates.items()
    ]
    say_table("What the gates change", ("figure", "threshold alone", "with gates"), rows)
    for reason, n in effect.reasons.items():
        say(f"Held back, {reason}: {counted(n, 'slice')} of {effect.n_slices}.")


def _say_looking(looking: "Looking") -> None:
    from brainlens.evaluation.looking_text import (
        lesion_rows,
        localisation_rows,
        looking_sentences,
        painting_rows,
    )

    tables = (localisation_rows(looking), lesion_rows(looking), painting_rows(looking))
    for rows in filter(None, tables):
        say_table(f"Is it looking at the tumour? {rows[0][0].capitalize()}", rows[0], rows[1:])
    for sentence in looking_sentences(looking):
        say(sentence)


def _say_robustness(robustness: "Robustness") -> None:
    from brainlens.evaluation.robustness.robustness import FIGURES

    head = ("change", "strength", *(name.replace("_", " ") for name in FIGURES))
    say_table("When the image is not as it should be", head, robustness.rows)


def _parted(evaluation: "Evaluation") -> str:
    """Say that figures leave out slices seen in training, where they do."""
    from brainlens.evaluation.evaluation import UNSEEN

    left_out = evaluation.unseen is not None and evaluation.unseen.n_slices
    return f"{UNSEEN}, " if left_out else ""
