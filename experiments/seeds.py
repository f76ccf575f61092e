"""The recipe that ships under three seeds: mean, spread, and whether they fail on the same slices.

    python experiments/seeds.py WORK            write seeds.md anew

WORK is the work folder of `experiments/crossval.py`, with its six cross-validations of `guided`.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from cells import share
from crossval import folder_name

from brainlens.evaluation.ratio import ratios
from brainlens.evaluation.scores import Scores
from brainlens.files import write_text
from brainlens.outcomes import read_outcomes

HERE = Path(__file__).parent
SEEDS = (0, 1, 2)
_HEAD = """# One recipe, three seeds

Made by `experiments/seeds.py`: preset `guided`, five folds, every slice answered three times, each
time by a network that never saw its patient. The mean is over the three seeds, its 95 % interval
drawn over patients, each with all its answers. *Together*: the three probabilities averaged.

| protocol | seeds {seeds} | mean | meningioma found, mean | together | wrong with every seed | \
wrong with any | patients of the former | most of one patient |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def row(work: Path, protocol: str) -> str:
    """Return the line of one protocol."""
    found = [
        read_outcomes(work / folder_name("guided", protocol, seed) / "outcomes.csv")
        for seed in SEEDS
    ]
    answers = [sorted(outcomes, key=lambda o: o.path) for outcomes in found]
    first = answers[0]
    if any([o.path for o in other] != [o.path for o in first] for other in answers):
        raise SystemExit(f"The seeds of {protocol} answered different slices.")
    ids = sorted(first[0].probabilities)
    scores = [Scores.from_outcomes(outcomes, ids) for outcomes in answers]
    right = np.stack([s.probabilities.argmax(axis=1) == s.truth for s in scores])
    truth, unit = scores[0].truth, scores[0].unit
    together = np.mean([s.probabilities for s in scores], axis=0).argmax(axis=1) == truth
    meningioma = (truth == ids.index("meningioma")).astype(float)
    everything = np.ones(len(first))
    often = right.mean(axis=0)
    figures = ratios(
        {
            "mean": (often, everything),
            "meningioma": (often * meningioma, meningioma),
            "together": (together, everything),
        },
        unit,
    )
    never = ~right.any(axis=0)
    by_patient = Counter(o.patient for o, wrong in zip(first, never, strict=True) if wrong)
    cells = [
        protocol,
        ", ".join(f"{100 * r.mean():.1f} %" for r in right),
        *(share(figures[n].to_dict()) for n in ("mean", "meningioma", "together")),
        str(never.sum()),
        str((~right.all(axis=0)).sum()),
        str(len(by_patient)),
        str(max(by_patient.values(), default=0)),
    ]
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Write the table."""
    head = _HEAD.format(seeds=", ".join(map(str, SEEDS)))
    rows = [row(Path(sys.argv[1]), protocol) for protocol in ("official", "grouped")]
    write_text(HERE / "seeds.md", head + "".join(rows))


if __name__ == "__main__":
    main()
