"""Measure what a bundle's gates let through: unseen patients, painted patients, other images.

Takes a bundle with gates, the manifest it was trained with, and folders of images that it must not
answer about; prints one row a set::

    python scripts/measure_gates.py bundles/gated runs/first/manifest.csv \
        --set "brains without a tumour=data/br35h_no" --set "photographs=data/photos"

Each share has its exact interval (Clopper and Pearson, 1934), with patients as trials where they
are known and images where not. Every ``--painted``-th test slice is shown twice more: with its
lesion painted over, and with a control region of the same shape painted over.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from brainlens.bundle import find, load_bundle
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import open_dataset
from brainlens.errors import ImageError
from brainlens.evaluation.exact import clopper_pearson
from brainlens.evaluation.head import head_mask
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.painting import paint
from brainlens.evaluation.slice_file import read_slice
from brainlens.imaging import Slice
from brainlens.inference import Answer, Predictor

HEAD = (
    "| set | images | patients | answered | answered or low confidence alone | rejected | "
    "unreadable | reasons |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
)
LOW_CONFIDENCE = ("low_confidence",)
PAINTED = ("lesion_painted", "control_painted")


class Tally:
    """The answers about one set of images."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.answers: list[Answer] = []
        self.patients: set[str] = set()
        self.unreadable = 0

    def add(self, answer: Answer, patient: str = "") -> None:
        """Take one answer in."""
        self.answers.append(answer)
        if patient:
            self.patients.add(patient)

    def row(self) -> str:
        """Return the set's line of the table."""
        n = len(self.answers)
        answered = sum(a.status == "answered" for a in self.answers)
        let_through = answered + sum(a.reasons == LOW_CONFIDENCE for a in self.answers)
        rejected = sum(a.status == "rejected" for a in self.answers)
        reasons = Counter(reason for a in self.answers for reason in a.reasons)
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        shares = (self._share(count) for count in (answered, let_through, rejected))
        cells = (
            self.name,
            str(n),
            str(len(self.patients) or "–"),
            *shares,
            str(self.unreadable),
            told,
        )
        return f"| {' | '.join(cells)} |"

    def _share(self, count: int) -> str:
        n = len(self.answers)
        if not n:
            return "–"
        # Slices of one patient are alike: an interval by slices would be too narrow.
        trials = len(self.patients) or n
        low, high = clopper_pearson(trials * count / n, trials)
        return f"{count} ({100 * count / n:.1f} %, {100 * low:.1f}–{100 * high:.1f})"


def painted(rows: Iterable[Row], seed: int) -> Iterator[tuple[Row, dict[str, Slice]]]:
    """Yield rows with a mask, and their painted pictures."""
    rng = np.random.default_rng(seed)
    for row in rows:
        if row.mask is None:
            continue
        slice_ = read_slice(row.path)
        lesion = read_lesion_mask(row.mask, slice_)
        pictures = paint(slice_, lesion, head_mask(slice_.pixels), rng)
        if pictures is not None:
            yield row, pictures


def of_folder(predictor: Predictor, name: str, folder: Path) -> Tally:
    """Return the answers about every file below a folder."""
    tally = Tally(name)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            tally.add(predictor.predict(path))
        except ImageError:
            tally.unreadable += 1
    return tally


def of_test_patients(predictor: Predictor, manifest: Manifest, every: int) -> Iterator[Tally]:
    """Yield the answers about the split test: as it is, and painted."""
    rows = [row for row in manifest.rows if row.split == "test"]
    whole = Tally("test patients")
    for row in rows:
        whole.add(predictor.predict(row.path), row.group_key)
    yield whole
    tallies = {name: Tally(f"test patients, {name.replace('_', ' ')} over") for name in PAINTED}
    for row, pictures in painted(rows[::every], seed=0):
        for name, tally in tallies.items():
            tally.add(predictor.predict_slice(pictures[name]), row.group_key)
    yield from tallies.values()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundle")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FOLDER", dest="sets")
    parser.add_argument("--painted", type=int, default=4, metavar="N")
    given = parser.parse_args()
    bundle = load_bundle(find(given.bundle))
    predictor = Predictor(bundle)
    print(f"Decision hash {bundle.info.decision_sha256}\n\n{HEAD}", flush=True)
    for tally in of_test_patients(predictor, open_dataset(given.manifest), given.painted):
        print(tally.row(), flush=True)
    for text in given.sets:
        name, _, folder = text.partition("=")
        print(of_folder(predictor, name, Path(folder)).row(), flush=True)


if __name__ == "__main__":
    main()
