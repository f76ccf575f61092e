"""Measure what a bundle's gates let through: unseen patients, painted patients, other images.

Takes a bundle with gates, the manifest it was trained with, and folders of images that it must not
answer about (`gate_images.py` makes most of them)::

    python scripts/measure_gates.py bundles/gated runs/first/manifest.csv \
        --images data/br35h_no sets/* --out gates.json --bundle-out bundles/measured

Each share has its exact interval (Clopper and Pearson, 1934), with patients as trials where they
are known and images where not. Slices with a mask are shown twice more: with the lesion painted
over, and with a control region of the same shape painted over, so that what the painting itself
does can be told apart. Drawn heads are shown with and without a lesion for the same reason.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from brainlens.bundle import find, load_bundle, revise
from brainlens.bundle.gate_check import GateCheck
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import open_dataset
from brainlens.datasets.phantom.generator import PhantomSet
from brainlens.errors import ImageError
from brainlens.evaluation.exact import clopper_pearson
from brainlens.evaluation.head import head_mask
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.painting import paint
from brainlens.evaluation.slice_file import read_slice
from brainlens.files import write_json
from brainlens.imaging import Slice
from brainlens.inference import Answer, Predictor

LOW_CONFIDENCE = ("low_confidence",)
PAINTED = {
    "lesion_painted": "lesion painted over",
    "control_painted": "control region painted over",
}
PAINT = "the paint"
DRAWN = 240
SETS = {
    "br35h_no": (
        "brains without a tumour (Br35H)",
        "other scanners, sequences, image sizes and compression; several sources",
    ),
    "other-mr-contrasts": (
        "brains in other MR contrasts",
        "other scanners, matrix sizes and volumes; most are of volunteers without a tumour",
    ),
    "mr-of-other-parts": ("MR of other parts of the body", "other scanners, sizes and sequences"),
    "mosaics": ("mosaics of many MR slices, an unfilled MR slice", "other scanners and sequences"),
    "other-modalities": (
        "CT, radiographs, ultrasound, a photograph, from DICOM files",
        "everything: part of the body, grey scale, size, annotations",
    ),
    "head-phantom-ct": ("CT of a head phantom", "no person: plastic and air"),
    "photographs-in-colour": ("photographs and drawings in colour", "everything"),
    "photographs-in-grey": (
        "photographs and drawings in grey, whole and cropped",
        "everything; crops of one picture are alike, so that the interval is too narrow",
    ),
}
"""Folder's name → what its images show, and in what else they differ from training slices."""


class Tally:
    """The answers about one set of images."""

    def __init__(self, name: str, differs: str = "") -> None:
        self.name = name
        self.differs = differs
        self.answers: list[Answer] = []
        self.patients: set[str] = set()
        self.unreadable = 0

    def add(self, answer: Answer, patient: str = "") -> None:
        """Take one answer in."""
        self.answers.append(answer)
        if patient:
            self.patients.add(patient)

    def check(self, decision_sha256: str) -> GateCheck:
        """Return the counts and their intervals."""
        answered = sum(a.status == "answered" for a in self.answers)
        let_through = answered + sum(a.reasons == LOW_CONFIDENCE for a in self.answers)
        rejected = sum(a.status == "rejected" for a in self.answers)
        return GateCheck(
            name=self.name,
            differs=self.differs,
            n_images=len(self.answers),
            n_patients=len(self.patients) or None,
            answered=answered,
            let_through=let_through,
            rejected=rejected,
            answered_interval=self._interval(answered),
            let_through_interval=self._interval(let_through),
            rejected_interval=self._interval(rejected),
            reasons=dict(sorted(Counter(r for a in self.answers for r in a.reasons).items())),
            decision_sha256=decision_sha256,
        )

    def _interval(self, count: int) -> tuple[float, float]:
        # Slices of one patient are alike: an interval by slices would be too narrow.
        trials = len(self.patients) or len(self.answers)
        return clopper_pearson(trials * count / len(self.answers), trials)


def of_patients(predictor: Predictor, rows: list[Row], name: str) -> Tally:
    """Return the answers about slices as they are."""
    tally = Tally(name)
    for row in rows:
        tally.add(predictor.predict(row.path), row.group_key)
    return tally


def of_painted(predictor: Predictor, rows: list[Row], name: str) -> Iterator[Tally]:
    """Yield the answers about slices with a mask, painted over at the lesion and elsewhere."""
    tallies = {kind: Tally(f"{name}, {words}", PAINT) for kind, words in PAINTED.items()}
    rng = np.random.default_rng(0)
    for row in rows:
        if row.mask is None:
            continue
        slice_ = read_slice(row.path)
        lesion = read_lesion_mask(row.mask, slice_)
        pictures = paint(slice_, lesion, head_mask(slice_.pixels), rng)
        if pictures is not None:
            for kind, tally in tallies.items():
                tally.add(predictor.predict_slice(pictures[kind]), row.group_key)
    yield from (tally for tally in tallies.values() if tally.answers)


def of_drawn(predictor: Predictor) -> Iterator[Tally]:
    """Yield the answers about drawn heads, without a lesion and with one."""
    differs = "drawn by a program"
    without = Tally("drawn heads without a lesion", differs)
    with_one = Tally("drawn heads with a lesion", differs)
    phantoms = PhantomSet(seed=7, size=256, no_lesion=True)
    for number in range(DRAWN):
        drawn = phantoms.slice(number)
        tally = without if drawn.lesion == "none" else with_one
        tally.add(predictor.predict_slice(Slice(drawn.image, "drawn")), str(drawn.patient))
    yield from (without, with_one)


def of_folder(predictor: Predictor, folder: Path) -> Tally:
    """Return the answers about every image below a folder."""
    tally = Tally(*SETS.get(folder.name, (folder.name,)))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            tally.add(predictor.predict(path))
        except ImageError:
            tally.unreadable += 1
    return tally


def every_tally(
    predictor: Predictor, manifest: Manifest, folders: list[Path], every: int
) -> Iterator[Tally]:
    """Yield the answers about every set."""
    test = [row for row in manifest.rows if row.split == "test"]
    known = [row for row in manifest.rows if row.split == "train"]
    yield of_patients(predictor, test, "unseen patients (test)")
    yield from of_painted(predictor, test[::every], "unseen patients")
    yield from of_painted(predictor, known[:: 3 * every], "patients of the training")
    yield from of_drawn(predictor)
    for folder in folders:
        yield of_folder(predictor, folder)


def line(check: GateCheck, unreadable: int) -> str:
    """Return one line of the table."""

    def share(count: int, interval: tuple[float, float]) -> str:
        low, high = interval
        return f"{count} ({100 * count / check.n_images:.1f} %, {100 * low:.1f}–{100 * high:.1f})"

    reasons = ", ".join(f"{reason} {count}" for reason, count in check.reasons.items())
    cells = (
        check.name,
        str(check.n_images),
        str(check.n_patients or "–"),
        share(check.answered, check.answered_interval),
        share(check.let_through, check.let_through_interval),
        share(check.rejected, check.rejected_interval),
        str(unreadable),
        reasons,
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table; write JSON and bundle where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundle")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--images", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--painted", type=int, default=4, metavar="N", help="every N-th slice")
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--bundle-out", type=Path, metavar="DIR", help="with the table in its card")
    given = parser.parse_args()
    bundle = load_bundle(find(given.bundle))
    decision = bundle.info.decision_sha256
    head = ("set", "images", "patients", "answered", "no gate objected", "rejected", "unreadable")
    print(f"Decision hash {decision}\n\n| {' | '.join((*head, 'reasons'))} |")
    print("| " + " | ".join(["---"] * (len(head) + 1)) + " |", flush=True)
    checks = []
    manifest = open_dataset(given.manifest)
    for tally in every_tally(Predictor(bundle), manifest, given.images, given.painted):
        if tally.answers:
            checks.append(tally.check(decision))
            print(line(checks[-1], tally.unreadable), flush=True)
    if given.out is not None:
        sets = [check.model_dump(mode="json", exclude={"decision_sha256"}) for check in checks]
        write_json(given.out, {"decision_sha256": decision, "sets": sets})
    if given.bundle_out is not None:
        revise(bundle, given.bundle_out, gate_checks=checks)


if __name__ == "__main__":
    main()
