"""Measuring how a bundle bears perturbations, through the very predictor that serves it."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.datasets.audit.shown_path import shown_path
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.errors import DataError, ImageError, StorageError, UsageError
from brainlens.evaluation.known_slices import known_slices, n_patients, units
from brainlens.evaluation.painting import Reading
from brainlens.evaluation.ratio import Ratio, ratios
from brainlens.evaluation.robustness.families import FAMILIES
from brainlens.evaluation.robustness.perturbation import Perturbation
from brainlens.evaluation.robustness.robustness import FamilyResult, GradeResult, Robustness
from brainlens.evaluation.slice_file import read_slice
from brainlens.evaluation.slice_rng import slice_rng
from brainlens.imaging import Slice
from brainlens.inference.ordered import map_in_order
from brainlens.inference.predictor import Predictor

Flags = NDArray[np.bool_]


def robustness(
    bundle: Bundle,
    manifest: Manifest,
    split: str = "test",
    progress: Progress | None = None,
    *,
    explicit_map: Mapping[str, str] | None = None,
    workers: int | None = None,
    families: Sequence[Perturbation[Any]] = FAMILIES,
    at_most: int | None = None,
) -> Robustness:
    """Find out how a bundle bears perturbations of the slices of one split.

    Every slice is answered as it is and under every grade of every family: some sixty times. The
    same slices give the same result, in whatever order and with however many workers.

    Parameters
    ----------
    bundle
        The bundle, as it ships.
    manifest
        The data set; without any split, all of it is ``test``.
    split
        ``train``, ``val`` or ``test``.
    progress
        Called with (slices done, slices).
    explicit_map
        Label → class id.
    workers
        Slices looked at at the same time; default the number of cores.
    families
        The perturbations.
    at_most
        Look at no more slices than this, taken evenly from the manifest's order; default all.

    Raises
    ------
    DataError
        If no slice of the split has a label that means one of the classes, or none can be read.
    UsageError
        If ``explicit_map`` names a class that the bundle does not have, or ``at_most`` is below 1.
    """
    if at_most is not None and at_most < 1:
        raise UsageError(f"{at_most} slices show nothing.", hint="Ask for 1 at least.")
    known = known_slices(bundle, manifest, split, explicit_map)
    everything = list(zip(known.rows, known.truth, strict=True))
    count = min(at_most or len(everything), len(everything))
    pairs = [everything[i * len(everything) // count] for i in range(count)]
    read, failures = [], []
    for row, class_id, answers in _answers(bundle, pairs, families, workers, progress):
        if isinstance(answers, str):
            failures.append((shown_path(row.path, manifest.root), answers))
        else:
            read.append((row, class_id, answers))
    if not read:
        raise DataError(
            f"None of the {len(pairs)} images can be read; the first: {failures[0][1]}",
            hint="Check the files.",
        )
    rows, truth, readings = zip(*read, strict=True)
    measured = _Measured.of(readings, units(rows))
    return Robustness(
        model=f"{bundle.info.name} {bundle.info.version}",
        decision_sha256=bundle.info.decision_sha256,
        class_ids=tuple(c.id for c in bundle.info.classes),
        split=split,
        protocol=manifest.protocol,
        threshold=bundle.info.thresholds.confidence,
        n_slices=len(rows),
        n_patients=n_patients(rows),
        n_available=len(everything),
        failures=tuple(failures),
        majority=max(Counter(truth).values()) / len(truth),
        unchanged=measured.figures(0),
        families=_results(measured, families),
    )


def _answers(
    bundle: Bundle,
    pairs: Sequence[tuple[Row, str]],
    families: Sequence[Perturbation[Any]],
    workers: int | None,
    progress: Progress | None,
) -> Iterator[tuple[Row, str, list[Reading] | str]]:
    """Yield each slice with its readings: as it is, then by family and grade; or why not."""
    predictor = Predictor(bundle, threads=1)

    def one(pair: tuple[Row, str]) -> list[Reading] | str:
        row, truth = pair
        try:
            slice_ = read_slice(row.path)
        except (ImageError, StorageError) as error:
            return f"{error.code}: {error.message}"
        changed = _perturbed(slice_, families)
        return [Reading.of(predictor.predict_slice(one), truth) for one in (slice_, *changed)]

    done = map_in_order(one, pairs, workers or os.cpu_count() or 1)
    for number, ((row, truth), answers) in enumerate(zip(pairs, done, strict=True), start=1):
        if progress is not None:
            progress(number, len(pairs))
        yield row, truth, answers


def _perturbed(slice_: Slice, families: Sequence[Perturbation[Any]]) -> Iterator[Slice]:
    for family in families:
        for grade in family.grades:
            yield family.apply(slice_, grade, slice_rng(slice_, family.name))


@dataclass(frozen=True, slots=True)
class _Measured:
    """Flags [n, conditions]; condition 0 is the unchanged slice."""

    correct: Flags
    answered: Flags
    unit: NDArray[np.int64]

    @classmethod
    def of(cls, answers: Sequence[Sequence[Reading]], unit: NDArray[np.int64]) -> "_Measured":
        return cls(
            correct=np.array([[one.correct for one in row] for row in answers], dtype=np.bool_),
            answered=np.array([[one.answered for one in row] for row in answers], dtype=np.bool_),
            unit=unit,
        )

    def figures(self, condition: int) -> dict[str, Ratio]:
        """Return the figures of one condition; the change only where something was changed."""
        correct, answered = self.correct[:, condition], self.answered[:, condition]
        shares = ratios(
            {
                "accuracy": (correct, 1),
                "answer_rate": (answered, 1),
                "answered_accuracy": (correct & answered, answered),
            },
            self.unit,
        )
        if not condition:
            return shares
        difference = correct.astype(np.float64) - self.correct[:, 0]
        return {**shares, **ratios({"change": (difference, 1)}, self.unit, shares=False)}


def _results(
    measured: _Measured, families: Sequence[Perturbation[Any]]
) -> tuple[FamilyResult, ...]:
    results = []
    condition = 1
    for family in families:
        grades = []
        for grade in family.grades:
            grades.append(GradeResult(grade, measured.figures(condition)))
            condition += 1
        results.append(FamilyResult(family.name, family.scale, tuple(grades)))
    return tuple(results)
