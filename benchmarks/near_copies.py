"""Measure the search for near copies on the public Cheng set.

::

    python -m benchmarks.near_copies FOLDER     # recall by kind of copy, false pairs, time

Each slice of the set is given one planted copy, of one kind; kinds take turns. Results go to
``benchmarks/results/near_copies.json``, the curve to ``docs/images/near-copies.png``.
"""

import argparse
import csv
import json
import math
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.machine import cores, describe_machine, versions
from benchmarks.planted_copies import CHANGES
from numpy.typing import NDArray

from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies
from brainlens.datasets.audit.descriptor import Thumbnail, thumbnail
from brainlens.datasets.audit.index import candidates
from brainlens.datasets.audit.near_copies import (
    COPY_LEAST,
    find_near_copies,
    identical_pairs,
    kind_of,
    pair_of,
    registrations,
)
from brainlens.datasets.audit.pseudo_patients import pseudo_patients
from brainlens.datasets.audit.registration import Registration
from brainlens.datasets.audit.thumbnails import Thumbnails
from brainlens.datasets.manifest import Manifest, Row
from brainlens.files import write_json
from brainlens.imaging.read import read

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "near_copies.json"
FIGURE = ROOT / "docs" / "images" / "near-copies.png"
CLASSES = {"1": "meningioma", "2": "glioma", "3": "pituitary"}
SEED = 20
PACKAGES = ("numpy", "pillow", "opencv-python-headless", "usearch")


@dataclass(frozen=True)
class Subject:
    """A slice of the set, or a planted copy of one (then ``change`` says which kind)."""

    path: Path
    origin: int
    patient: str
    accession: str
    change: str = ""


@dataclass(frozen=True)
class Compared:
    """One candidate pair and its registration."""

    first: int
    second: int
    registration: Registration | None


def load(folder: Path) -> list[Subject]:
    """List the slices of the set."""
    with (folder / "slices.csv").open(newline="", encoding="utf-8") as file:
        return [
            Subject(
                folder / "images" / CLASSES[row["label"]] / f"{row['slice']}.jpg",
                number,
                row["pid"],
                row["base_pid"],
            )
            for number, row in enumerate(csv.DictReader(file))
        ]


def plant(slices: Sequence[Subject], folder: Path) -> list[Subject]:
    """Write one copy of each slice; kinds take turns in an order left to chance."""
    chance = np.random.default_rng(SEED)
    kinds = list(CHANGES)
    planted = []
    for turn, origin in enumerate(chance.permutation(len(slices)).tolist()):
        change = kinds[turn % len(kinds)]
        path = folder / f"{turn:05d}.img"
        path.write_bytes(CHANGES[change](slices[origin].path.read_bytes(), chance))
        source = slices[origin]
        planted.append(Subject(path, origin, source.patient, source.accession, change))
    return planted


def compare_all(subjects: Sequence[Subject]) -> tuple[list[CopyPair], list[Compared]]:
    """Search as `find_near_copies` does, and keep what was rejected, too.

    Returns
    -------
    list of CopyPair
        What the search finds.
    list of Compared
        All candidate pairs; of identical images there is only one among them.
    """

    def images() -> Iterator[tuple[int, Thumbnail]]:
        for number, subject in enumerate(subjects):
            yield number, thumbnail(read(subject.path))

    with Thumbnails.of(images()) as thumbnails:
        pairs = list(identical_pairs(thumbnails))
        compared = []
        for candidate, registration in registrations(
            thumbnails, candidates(thumbnails.descriptors)
        ):
            first, second = (thumbnails.rows[i][0] for i in (candidate.first, candidate.second))
            compared.append(Compared(first, second, registration))
            pair = pair_of(thumbnails, candidate, registration)
            if pair is not None:
                pairs.append(pair)
    return pairs, compared


def timed_search(manifest: Manifest) -> tuple[NearCopies, dict[str, Any]]:
    """Search as the audit does, decoding included."""
    wall, cpu = time.perf_counter(), time.process_time()
    near = find_near_copies(manifest)
    took = {
        "images": len(manifest),
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "cores": cores(),
        "load_average_before": [round(x, 1) for x in os.getloadavg()],
    }
    return near, took


def of_subjects(subjects: Sequence[Subject]) -> Manifest:
    """Return the subjects as a manifest that says nothing of their patients."""
    return Manifest(Path(), tuple(Row(subject.path) for subject in subjects))


def recalls(subjects: Sequence[Subject], pairs: Sequence[CopyPair]) -> dict[str, Any]:
    """Count, by kind, the planted copies paired with their slice or joined to it by copies."""
    linked = defaultdict(set)
    for pair in pairs:
        linked[pair.first].add(pair.second)
        linked[pair.second].add(pair.first)
    planted, found = Counter[str](), Counter[str]()
    for number, subject in enumerate(subjects):
        if subject.change:
            planted[subject.change] += 1
            found[subject.change] += subject.origin in linked[number]
    return {
        kind: {
            "planted": planted[kind],
            "found": found[kind],
            "recall": round(found[kind] / planted[kind], 4),
            "interval_95": [round(x, 4) for x in wilson(found[kind], planted[kind])],
        }
        for kind in CHANGES
    }


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    z = 1.96
    share, spread = hits / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / total + spread / 4 / total) / (1 + spread)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def false_pairs(subjects: Sequence[Subject], pairs: Sequence[CopyPair]) -> dict[str, Any]:
    """Count the pairs called copies that are none, by what they are."""
    counts = Counter[str]()
    images: set[int] = set()
    for pair in pairs:
        a, b = subjects[pair.first], subjects[pair.second]
        if a.origin == b.origin:
            counts["of one slice"] += 1
        elif a.patient == b.patient:
            counts["of one patient, another slice"] += 1
        elif a.accession == b.accession:
            counts["of one accession, another patient number"] += 1
        else:
            counts["of different patients"] += 1
            images |= {pair.first, pair.second}
    return {
        "pairs": dict(counts),
        "images_in_false_pairs": len(images),
        "share_of_images": len(images) / len(subjects),
    }


def together(names: Sequence[str]) -> int:
    """Return the number of pairs with the same name."""
    return sum(math.comb(n, 2) for n in Counter(names).values())


def grouping(slices: Sequence[Subject], near: NearCopies) -> dict[str, Any]:
    """Compare pseudo-patients with the patients of the set, pair by pair of slices."""
    groups = pseudo_patients(of_subjects(slices), near)
    patients, accessions = [s.patient for s in slices], [s.accession for s in slices]
    pairs = together(groups)
    right = together([f"{g}|{p}" for g, p in zip(groups, patients, strict=True)])
    allowed = together([f"{g}|{a}" for g, a in zip(groups, accessions, strict=True)])
    return {
        "slices": len(slices),
        "patients": len(set(patients)),
        "groups": len(set(groups)),
        "largest_group": max(Counter(groups).values()),
        "slices_in_groups_of_two_or_more": sum(n for n in Counter(groups).values() if n > 1),
        "precision": round(right / pairs, 4),
        "precision_by_accession": round(allowed / pairs, 4),
        "recall": round(right / together(patients), 4),
        "neighbours_found": len(near.neighbours),
        "test_slices_whose_patient_is_in_train": {
            "split_by_slice": shared_by_split(range(len(slices)), patients),
            "split_by_group": shared_by_split(groups, patients),
        },
    }


def shared_by_split(units: Sequence[Hashable], patients: Sequence[str]) -> float:
    """Return the mean share over 20 splits, each with a fifth of the slices in test."""
    chance = np.random.default_rng(SEED)
    sizes = Counter(units)
    shares = []
    for _ in range(20):
        names = list(sizes)
        test, filled = set[Hashable](), 0
        for place in chance.permutation(len(names)).tolist():
            if filled < len(units) / 5:
                test.add(names[place])
                filled += sizes[names[place]]
        train = {p for u, p in zip(units, patients, strict=True) if u not in test}
        tested = [p in train for u, p in zip(units, patients, strict=True) if u in test]
        shares.append(sum(tested) / len(tested))
    return round(sum(shares) / len(shares), 4)


def draw(subjects: Sequence[Subject], compared: Sequence[Compared], path: Path) -> dict[str, Any]:
    """Draw how copies and neighbours part; return the numbers of the curve."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    kinds: dict[str, list[Registration | None]] = defaultdict(list)
    original: dict[str, list[Registration]] = defaultdict(list)
    for pair in compared:
        a, b = subjects[pair.first], subjects[pair.second]
        kinds[_relation(a, b)].append(pair.registration)
        found = pair.registration
        if found is not None and not (a.change or b.change) and math.isfinite(found.displacement):
            original[_relation(a, b)].append(found)
    colours = {"copies": "#1b6ca8", "one patient": "#d1495b", "different patients": "#6c757d"}
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    steps = np.linspace(0.3, 1, 701)
    for name, colour in colours.items():
        values = _correlations(kinds[name])
        share = 1 - np.searchsorted(np.sort(values), steps) / len(values)
        left.plot(steps, share, color=colour, label=f"{name} (n = {len(values)})")
    left.axvline(COPY_LEAST, color="black", linestyle=":", label=f"threshold {COPY_LEAST}")
    left.set(
        xlabel="correlation of detail after registration",
        ylabel="share of candidate pairs at or above it",
        title="Copies and neighbouring slices",
    )
    left.set_yscale("symlog", linthresh=1e-4)
    left.set_ylim(0, 1.3)
    left.legend(loc="lower left", fontsize=8)
    for name in ("different patients", "one patient"):
        right.scatter(
            [r.displacement for r in original[name]],
            [r.correlation for r in original[name]],
            s=3,
            linewidths=0,
            alpha=0.5,
            color=colours[name],
            label=f"{name} (n = {len(original[name])})",
        )
    moved = np.geomspace(0.001, 0.3, 200)
    right.plot(
        moved,
        [_neighbour_from(float(d)) for d in moved],
        color="black",
        linestyle=":",
        label="neighbours above",
    )
    right.set(
        xscale="log",
        xlim=(0.001, 0.3),
        ylim=(0.2, 1.0),
        xlabel="displacement of a corner by registration, sides of the image",
        ylabel="correlation of detail",
        title="The set itself: neighbouring slices and other patients",
    )
    right.legend(loc="lower left", fontsize=8, markerscale=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return {
        name: {
            "pairs": len(kinds[name]),
            "at_or_above": {
                f"{least:.3f}": int((_correlations(kinds[name]) >= least).sum())
                for least in (0.9, 0.92, 0.94, 0.95, 0.96, 0.965, 0.97, 0.975, 0.98, 0.985, 0.99)
            },
        }
        for name in colours
    }


def _relation(a: Subject, b: Subject) -> str:
    if a.origin == b.origin:
        return "copies"
    # Of the letters behind an accession number nobody knows whether they mean another person.
    return "one patient" if a.accession == b.accession else "different patients"


def _correlations(found: Sequence[Registration | None]) -> NDArray[np.float64]:
    return np.array([-1.0 if r is None else r.correlation for r in found])


def _neighbour_from(displacement: float) -> float:
    """Return the least correlation that makes neighbours of two images so far apart."""
    linear = np.array([[1, 0, displacement], [0, 1, 0.0]])
    for correlation in np.linspace(0, COPY_LEAST, 400, endpoint=False).tolist():
        if kind_of(Registration(correlation, linear, 0)) is not None:
            return float(correlation)
    return math.nan


def measure_cheng(folder: Path) -> dict[str, Any]:
    """Run all measurements on the public set."""
    slices = load(folder)
    near, took = timed_search(of_subjects(slices))
    report: dict[str, Any] = {"time_of_the_set": took, "pseudo_patients": grouping(slices, near)}
    report["copies_in_the_set_itself"] = [
        [slices[p.first].path.stem, slices[p.second].path.stem, round(p.correlation, 4)]
        for p in near.copies
    ]
    with tempfile.TemporaryDirectory() as temporary:
        subjects = [*slices, *plant(slices, Path(temporary))]
        pairs, compared = compare_all(subjects)
    copies = [pair for pair in pairs if pair.kind == "copy"]
    report |= {
        "recall": recalls(subjects, copies),
        "false": false_pairs(subjects, copies),
        "curve": draw(subjects, compared, FIGURE),
    }
    return report


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the Cheng set")
    found = measure_cheng(parser.parse_args().folder.resolve())
    print(json.dumps(found, indent=2))
    write_json(RESULTS, {"machine": describe_machine() | versions(PACKAGES), "cheng": found})


if __name__ == "__main__":
    main()
