"""Compare ways to fit the temperature, on the cross-validations whose networks are kept.

    python experiments/temperatures.py WORK     fit, measure, write temperatures.md anew

WORK is the work folder of `experiments/crossval.py`. Each fold's network answers its validation
slices once more; every way to fit a temperature on them is then measured on the fold's test slices.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from crossval import WANTED, folder_name
from numpy.typing import NDArray

from brainlens.bundle.load import load_bundle
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.confidences import Confidences, held_back
from brainlens.evaluation.out_of_fold import out_of_fold
from brainlens.evaluation.risk import figures_at
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.temperature import SPREAD, fit_temperature, tempered
from brainlens.files import write_text
from brainlens.outcomes import read_outcomes
from brainlens.pipeline.calibration_outcomes import own_outcomes

HERE = Path(__file__).parent
THRESHOLD = 0.7
_HEAD = """# Ways to fit the temperature

Made by `experiments/temperatures.py`. Five folds a row, seed 0; every figure is of all 3064 test
slices, which no temperature was fitted on. `none`: temperature 1. `alone`: the likeliest given the
fold's own validation patients (some 35). `held`: the same, with its logarithm normally distributed
about 0 with standard deviation ln 2 beforehand; this is what `calibrate` does. `by other folds`:
given the answers about the other folds' patients (some 187). The loss is in nats; in brackets
behind the calibration error, that of a perfectly calibrated model.

| preset | protocol | way | temperatures | loss | calibration error | answered | wrong among them |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def compare(folder: Path) -> list[list[str]]:
    """Return the rows of one finished cross-validation, from its way on."""
    outcomes = [o for o in read_outcomes(folder / "outcomes.csv") if not o.error]
    ids = sorted(outcomes[0].probabilities)
    answered = Scores.from_outcomes(outcomes, ids)
    numbers = np.array([o.fold for o in outcomes], dtype=np.int64)
    plain = answered.probabilities.copy()
    fitted: dict[str, dict[int, float]] = {"none": {}, "alone": {}, "held": {}}
    for number in np.unique(numbers).tolist():
        fold = folder / f"fold-{number}"
        bundle = load_bundle(fold / "exported")
        asked = own_outcomes(bundle, Manifest.load(fold / "manifest.csv")).outcomes
        own = Scores.from_outcomes(asked, ids)
        fitted["none"][number] = 1.0
        for way, spread in (("alone", math.inf), ("held", SPREAD)):
            fitted[way][number] = fit_temperature(
                own.probabilities, own.truth, own.unit, spread=spread
            )
        tested = numbers == number
        used = load_bundle(fold / "bundle").info.temperature
        plain[tested] = tempered(plain[tested], 1 / used)
    scores = replace(answered, probabilities=plain)
    held = held_back(outcomes)
    rows = [_row(way, temperatures, scores, numbers, held) for way, temperatures in fitted.items()]
    others = out_of_fold(scores, numbers, held, THRESHOLD)
    if others is not None:
        rows.append(_row("by other folds", others.temperatures, scores, numbers, held))
    return rows


def _row(
    way: str,
    temperatures: Mapping[int, float],
    plain: Scores,
    fold: NDArray[np.int64],
    held: NDArray[np.bool_],
) -> list[str]:
    warm = plain.probabilities.copy()
    for number, temperature in temperatures.items():
        warm[fold == number] = tempered(warm[fold == number], temperature)
    scores = replace(plain, probabilities=warm)
    figures = probability_figures(scores.probabilities, scores.truth)
    at = figures_at(Confidences.of(scores, held), THRESHOLD)
    return [
        way,
        ", ".join(f"{temperature:.2f}" for temperature in temperatures.values()),
        f"{figures.loss:.3f}",
        f"{100 * figures.ece:.1f} % ({100 * figures.ece_floor:.1f} %)",
        f"{100 * at['answer_rate'].value:.1f} %",
        f"{100 * at['error_among_answered'].value:.1f} %",
    ]


def main() -> None:
    """Compare on every cross-validation that is there."""
    lines = []
    for preset, protocol, seed in WANTED:
        folder = Path(sys.argv[1]) / folder_name(preset, protocol, seed)
        kept = all((folder / f"fold-{n}" / "exported").is_dir() for n in range(1, 6))
        if seed == 0 and kept and (folder / "outcomes.csv").is_file():
            for row in compare(folder):
                lines.append(f"| {preset} | {protocol} | " + " | ".join(row) + " |\n")
                sys.stdout.write(lines[-1])
    write_text(HERE / "temperatures.md", _HEAD + "".join(lines))


if __name__ == "__main__":
    main()
