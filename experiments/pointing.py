"""Where the networks of one cross-validation look, on all its test slices together.

    python experiments/pointing.py WORK         look, write pointing.md and pointing.json anew

WORK is the work folder of `experiments/crossval.py`. Every slice is looked at by the network of the
fold that it was kept out of; `brainlens evaluate --looking` does the same for one bundle, and also
paints slices.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cells import share

from brainlens.bundle.load import load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.evaluation.head import head_mask
from brainlens.evaluation.known_slices import known_slices, units
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.localisation import Located, localisation, locate
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.slice_file import read_slice
from brainlens.files import write_json, write_text
from brainlens.inference.ordered import map_in_order
from brainlens.inference.predictor import Predictor

HERE = Path(__file__).parent
CROSSVAL = "guided-official"
_MAPS = {"lesion map": "lesion", "heat map of the answer": "heat"}
_HEAD = """# Where the networks look

Made by `experiments/pointing.py`: official folds, preset `guided`, seed 0; each of {n} slices of
{patients} patients by the network that never saw its patient (decision hashes in
[pointing.json](pointing.json)). *Inside*: the map's highest point lies in the outline; *15 px*: or
at most 15 pixels from it; *best*: the centre of some cell of the map's grid does; *energy*: share
of the map inside. In brackets, 95 % intervals drawn over patients.

| map | slices | n | inside | 15 px | best | energy |
| --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One slice: its row, whether the answer was right, and its two maps beside the outline."""

    row: Row
    truth: str
    correct: bool
    heat: Located
    lesion: Located


def look(predictor: Predictor, row: Row, mask: Path, truth: str) -> Look:
    """Return where the network looks on one slice."""
    slice_ = read_slice(row.path)
    lesion, head = read_lesion_mask(mask, slice_), head_mask(slice_.pixels)
    answer, looked = predictor.look(slice_)
    if looked is None or looked.lesion is None:
        raise SystemExit(f"{row.path} was rejected, or the network has no lesion map.")
    shown = next(m for m in looked.maps if m.class_id == answer.predicted_class)
    return Look(
        row,
        truth,
        answer.predicted_class == truth,
        locate(shown, lesion, head),
        locate(looked.lesion, lesion, head),
    )


def main() -> None:
    """Look at every fold's test slices and write what was found."""
    folder = Path(sys.argv[1]) / CROSSVAL
    looks: list[Look] = []
    hashes = {}
    for fold in sorted(folder.glob("fold-*")):
        bundle = load_bundle(fold / "bundle")
        hashes[fold.name] = bundle.info.decision_sha256
        known = known_slices(bundle, Manifest.load(fold / "manifest.csv"), "test", None)
        predictor = Predictor(bundle, threads=1)
        todo = [
            (row, row.mask, truth)
            for row, truth in zip(known.rows, known.truth, strict=True)
            if row.mask is not None
        ]
        looks += map_in_order(lambda one, ask=predictor: look(ask, *one), todo, 2)
        sys.stderr.write(f"{fold.name}: {len(looks)} slices so far\n")
    found = {
        map_: {name: _figures(chosen, key) for name, chosen in _selections(looks).items()}
        for map_, key in _MAPS.items()
    }
    n_patients = len({one.row.patient for one in looks})
    write_json(
        HERE / "pointing.json",
        {
            "crossval": CROSSVAL,
            "decision_sha256": hashes,
            "n_slices": len(looks),
            "n_patients": n_patients,
            "maps": {
                map_: {
                    name: {figure: ratio.to_dict() for figure, ratio in figures.items()}
                    for name, figures in of_map.items()
                }
                for map_, of_map in found.items()
            },
        },
    )
    rows = [
        _row(map_, name, len(_selections(looks)[name]), figures)
        for map_, of_map in found.items()
        for name, figures in of_map.items()
    ]
    text = _HEAD.format(n=len(looks), patients=n_patients) + "\n".join(rows) + "\n"
    write_text(HERE / "pointing.md", text)


def _selections(looks: list[Look]) -> dict[str, list[Look]]:
    chosen = {
        "all": looks,
        "answered rightly": [one for one in looks if one.correct],
        "answered wrongly": [one for one in looks if not one.correct],
    }
    return chosen | {
        c: [o for o in looks if o.truth == c] for c in sorted({o.truth for o in looks})
    }


def _figures(looks: list[Look], key: str) -> dict[str, Ratio]:
    unit = np.asarray(units([one.row for one in looks]))
    return localisation([getattr(one, key) for one in looks], unit)


def _row(map_: str, name: str, n: int, figures: dict[str, Any]) -> str:
    names = ("pointing", "pointing_15px", "best_of_grid", "energy")
    cells = [share(figures[f].value, figures[f].interval) for f in names]
    return f"| {map_} | {name} | {n} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
