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

from cells import share

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.evaluation.head import head_mask
from brainlens.evaluation.known_slices import known_slices, units
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.localisation import Located, localisation, locate
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
    looks: list[Look] = []
    hashes = {}
    for fold in sorted((Path(sys.argv[1]) / CROSSVAL).glob("fold-*")):
        bundle = load_bundle(fold / "bundle")
        hashes[fold.name] = bundle.info.decision_sha256
        looks += _look_at(bundle, Manifest.load(fold / "manifest.csv"))
        sys.stderr.write(f"{fold.name}: {len(looks)} slices so far\n")
    selections = _selections(looks)
    found = {
        words: {name: _figures(chosen, which) for name, chosen in selections.items()}
        for words, which in _MAPS.items()
    }
    n_patients = len({one.row.patient for one in looks})
    write_json(
        HERE / "pointing.json",
        {
            "crossval": CROSSVAL,
            "decision_sha256": hashes,
            "n_slices": len(looks),
            "n_patients": n_patients,
            "maps": found,
        },
    )
    rows = [
        f"| {words} | {name} | {len(selections[name])} | {_cells(figures)} |\n"
        for words, of_map in found.items()
        for name, figures in of_map.items()
    ]
    head = _HEAD.format(n=len(looks), patients=n_patients)
    write_text(HERE / "pointing.md", head + "".join(rows))


def _look_at(bundle: Bundle, manifest: Manifest) -> list[Look]:
    known = known_slices(bundle, manifest, "test", None)
    predictor = Predictor(bundle, threads=1)
    todo = [
        (row, row.mask, truth)
        for row, truth in zip(known.rows, known.truth, strict=True)
        if row.mask is not None
    ]
    return list(map_in_order(lambda one: look(predictor, *one), todo, 2))


def _selections(looks: list[Look]) -> dict[str, list[Look]]:
    chosen = {
        "all": looks,
        "answered rightly": [one for one in looks if one.correct],
        "answered wrongly": [one for one in looks if not one.correct],
    }
    truths = sorted({one.truth for one in looks})
    return chosen | {truth: [one for one in looks if one.truth == truth] for truth in truths}


def _figures(looks: list[Look], which: str) -> dict[str, dict[str, Any]]:
    located = [one.lesion if which == "lesion" else one.heat for one in looks]
    found = localisation(located, units([one.row for one in looks]))
    return {name: ratio.to_dict() for name, ratio in found.items()}


def _cells(figures: dict[str, dict[str, Any]]) -> str:
    names = ("pointing", "pointing_15px", "best_of_grid", "energy")
    return " | ".join(share(figures[name]) for name in names)


if __name__ == "__main__":
    main()
