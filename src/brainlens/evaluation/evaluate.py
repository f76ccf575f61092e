"""Measuring a bundle on a data set, through the very predictor that serves it."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from brainlens.bundle.cautions import cautions
from brainlens.bundle.load import Bundle
from brainlens.classes import TruthMap
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import BrainLensError, DataError, UsageError
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.gate_effect import GateEffect, gate_effect
from brainlens.evaluation.lesion_size import LesionSizes, lesion_sizes
from brainlens.evaluation.measure import measure
from brainlens.evaluation.notes import notes
from brainlens.evaluation.subgroups import by_lesion_size
from brainlens.inference.predictor import Predictor
from brainlens.outcomes import Outcome


def evaluate(
    bundle: Bundle,
    manifest: Manifest,
    *,
    split: str = "test",
    explicit_map: Mapping[str, str] | None = None,
    workers: int | None = None,
    spacing_mm: float | None = None,
    progress: Progress | None = None,
    stage: Stage = silent,
) -> Evaluation:
    """Run every slice of one split through the bundle and measure the answers.

    Where rows have lesion masks, figures by lesion size are among them.

    Parameters
    ----------
    bundle
        The bundle, as it ships.
    manifest
        The data set; its labels meet the bundle's classes by id, alias or ``explicit_map``, never
        by position.
    split
        ``train``, ``val`` or ``test``. A manifest without any splits is a test set of the user's
        own: all of it is ``test``.
    explicit_map
        Label → class id.
    workers
        Slices looked at at the same time; default the number of cores.
    spacing_mm
        Distance of pixel centres in the masks, where their files do not say it: lesion sizes are
        then diameters, else shares of the image.
    progress
        Called with (done, total) of the slices.
    stage
        Shows each step in turn: the slices (unless ``progress`` does), the masks, the draws of the
        intervals.

    Raises
    ------
    DataError
        If the split has no slice whose label means one of the classes, or none can be read.
    UsageError
        If ``explicit_map`` names a class that the bundle does not have.
    """
    truth = _truth_map(bundle, explicit_map)
    protocol = manifest.protocol
    rows = _rows_of(manifest, split)
    unmatched: Counter[str] = Counter()
    known: list[tuple[Row, str]] = []
    for row in rows:
        class_id = truth.find(row.label) if row.label else None
        if class_id is not None:
            known.append((row, class_id))
        elif row.label:
            unmatched[row.label] += 1
    if not known:
        raise _nothing_known(bundle, split, rows, unmatched)
    with stage("Evaluating") as told:
        outcomes = _outcomes(
            bundle, manifest.root, known, workers or os.cpu_count() or 1, progress or told
        )
    answered = [
        (outcome, row)
        for outcome, (row, _) in zip(outcomes, known, strict=True)
        if not outcome.error
    ]
    if not answered:
        raise DataError(
            f"None of the {len(outcomes)} images can be read; the first: {outcomes[0].error}",
            hint="Check the files.",
        )
    sizes = _lesion_sizes([row for _, row in answered], spacing_mm, stage)
    class_ids = tuple(c.id for c in bundle.info.classes)
    shared = _shared_groups(manifest, split)
    of_figures = [outcome for outcome, _ in answered]
    with stage("Drawing patients for the intervals") as told:
        measured = measure(
            of_figures,
            class_ids,
            split=split,
            protocol=protocol,
            threshold=bundle.info.thresholds.confidence,
            decision_sha256=bundle.info.decision_sha256,
            shared=np.array([row.group_key in shared for _, row in answered], dtype=np.bool_),
            subgroups=by_lesion_size(sizes),
            progress=told,
        )
    gates = None
    if bundle.info.gates:
        with stage("Telling what gates change") as told:
            gates = _gates(bundle, answered, class_ids, told)
    return Evaluation(
        model=f"{bundle.info.name} {bundle.info.version}",
        decision_sha256=bundle.info.decision_sha256,
        class_ids=class_ids,
        split=split,
        protocol=protocol,
        threshold=bundle.info.thresholds.confidence,
        outcomes=outcomes,
        all=measured.all,
        unseen=measured.unseen,
        unshared=measured.unshared,
        n_failed=len(outcomes) - len(answered),
        n_seen=measured.n_seen,
        knows_seen=bundle.info.seen is not None,
        n_unlabelled=sum(not row.label for row in rows),
        unmatched=dict(unmatched),
        aliases=dict(sorted(truth.aliases_used)),
        cautions=cautions(bundle.info),
        patients=measured.patients,
        subgroups=measured.subgroups,
        notes=notes(measured, of_figures, class_ids, sizes.unreadable),
        gates=gates,
    )


def _gates(
    bundle: Bundle,
    answered: Sequence[tuple[Outcome, Row]],
    class_ids: Sequence[str],
    progress: Progress,
) -> GateEffect:
    """Ask anew, without gates, about what they rejected: there, nothing else was told."""
    network = Predictor(bundle, threads=1, gated=False)
    ungated = []
    for done, (outcome, row) in enumerate(answered, start=1):
        if outcome.status == "rejected":
            answer = network.predict(row.path)
            outcome = replace(outcome, probabilities=dict(answer.probabilities or {}))
        ungated.append(outcome)
        progress(done, len(answered))
    outcomes = [outcome for outcome, _ in answered]
    return gate_effect(outcomes, ungated, class_ids, bundle.info.thresholds.confidence)


def _lesion_sizes(rows: Sequence[Row], spacing_mm: float | None, stage: Stage) -> LesionSizes:
    if not any(row.mask for row in rows):
        return lesion_sizes(rows)
    with stage("Measuring lesions by their masks") as told:
        return lesion_sizes(rows, spacing_mm=spacing_mm, progress=told)


def _truth_map(bundle: Bundle, explicit: Mapping[str, str] | None) -> TruthMap:
    try:
        return TruthMap(bundle.info.classes, explicit)
    except ValueError as error:
        ids = ", ".join(c.id for c in bundle.info.classes)
        raise UsageError(f"The map does not fit: {error}.", hint=f"Classes: {ids}.") from error


def _rows_of(manifest: Manifest, split: str) -> tuple[Row, ...]:
    if split == "test" and not any(row.split for row in manifest.rows):
        return manifest.rows
    return manifest.select(split=split).rows


def _nothing_known(
    bundle: Bundle, split: str, rows: Sequence[Row], unmatched: Mapping[str, int]
) -> DataError:
    if not rows:
        return DataError(
            f"No slice is in the split {split}.",
            hint="Choose another split (train, val, test), or fill the manifest's column split.",
        )
    if not unmatched:
        return DataError(
            f"No slice of the split {split} has a label.", hint="Fill the manifest's column label."
        )
    ids = ", ".join(c.id for c in bundle.info.classes)
    labels = ", ".join(sorted(unmatched))
    return DataError(
        f"No label of the split {split} means a class of the model: {labels}.",
        hint=f"Say which is which with --map LABEL=CLASS; the classes are {ids}.",
    )


def _shared_groups(manifest: Manifest, split: str) -> set[str]:
    """Return the groups of the other splits."""
    return {row.group_key for row in manifest.rows if row.split not in ("", split)}


def _outcomes(
    bundle: Bundle,
    root: Path,
    known: Sequence[tuple[Row, str]],
    workers: int,
    progress: Progress | None,
) -> tuple[Outcome, ...]:
    # One slice a thread: the threads share the cores, so the engine takes one for each.
    predictor = Predictor(bundle, threads=1)
    answers = predictor.predict_paths([row.path for row, _ in known], workers=workers)
    found = []
    for (row, class_id), (path, answer) in zip(known, answers, strict=True):
        of_slice = {"label": class_id, "patient": row.patient, "group": row.group}
        name = _relative(path, root)
        if isinstance(answer, BrainLensError):
            reason = f"{answer.code}: {answer.message}"
            found.append(Outcome.failed(name, reason, fold=row.fold, **of_slice))
        else:
            found.append(Outcome.from_answer(name, answer.model_dump(), fold=row.fold, **of_slice))
        if progress is not None:
            progress(len(found), len(known))
    return tuple(found)


def _relative(path: Path, root: Path) -> str:
    """Return the path as the manifest says it: what is written of an evaluation may travel."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
