"""What a model says of a class it was never shown: each class left out of the training in turn.

A model that tells C classes apart has no word for another one. So a small model is trained on all
classes but one, by the recipe of the real one, and shown the class left out: how often it answers
all the same, and how well its confidence, and the place of the slice among its features, tell that
class from those it knows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.revise import revise
from brainlens.datasets.fingerprint import data_sha256
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.units import units
from brainlens.errors import BrainLensError, DataError, UsageError
from brainlens.evaluation.embedding_distance import EmbeddingDistance, embeddings
from brainlens.evaluation.exact import clopper_pearson
from brainlens.evaluation.ratio import Ratio, ratios
from brainlens.evaluation.scores import Scores, unit_of
from brainlens.evaluation.separation import Separation, separation
from brainlens.evaluation.temperature import fit_temperature
from brainlens.files import write_json
from brainlens.inference.predictor import Predictor
from brainlens.outcomes import Outcome, write_outcomes
from brainlens.pipeline.one_split import keep_manifest, one_split
from brainlens.pipeline.small_run import SmallRun
from brainlens.pipeline.trial import Say, Trial, trial
from brainlens.pipeline.unknown_result import NO_WORD, LeftOut, UnknownResult

RESULT = "unknown.json"
OUTCOMES = "outcomes.csv"
_FEWEST_CLASSES = 3
_TRAINED_ON = ("train", "val")


def tell(bundle: Bundle, result: UnknownResult, out: Path) -> Bundle:
    """Write a new bundle whose card says in its first lines what the test found.

    Parameters
    ----------
    bundle
        The bundle to start from; stays as it is.
    result
        Of models trained by the bundle's recipe, each without one of its classes.
    out
        Folder of the new bundle; must not exist.

    Raises
    ------
    UsageError
        If the test was of other classes than the bundle's, or ``out`` exists.
    """
    known = {info.id for info in bundle.info.classes}
    strangers = sorted({one.class_id for one in result.left_out} - known)
    if strangers:
        raise UsageError(
            f"The test left out {strangers[0]}, which the bundle does not know.",
            hint="Test on the data that the bundle was trained on.",
        )
    others = [text for text in bundle.info.must_know if not text.startswith(NO_WORD)]
    return revise(bundle, out, must_know=(result.summary, *others))


def unknown(
    data: Manifest,
    work: Path,
    run: SmallRun,
    *,
    classes: Sequence[str] = (),
    progress: bool = True,
    say: Say,
) -> UnknownResult:
    """Train without each class in turn, and show it to the model.

    The split is the same for every class. Of the class left out all slices are shown, whichever
    side they are on, since none was trained on; those whose patient (or group, or copy) was trained
    on under another class stay out. Known are the test slices of the other classes.

    What is done already in ``work`` is not trained again.

    Parameters
    ----------
    data
        The data set.
    work
        Folder of the trials; ``unknown.json`` is written there, and ``outcomes.csv`` into the
        folder of each class.
    run
        The choices of every training.
    classes
        Class ids to leave out; default each in turn.
    progress
        Show the trainings' bars.
    say
        Told what happens, for people.

    Raises
    ------
    UsageError
        If a class is not one of the data, or a choice is out of range.
    DataError
        If there are fewer than three classes, or nothing of a class is left to be shown.
    RunError
        If ``work`` was begun with other data or other choices.
    """
    # A choice out of range is refused before anything is written.
    run.config(work, work)
    say("Looking for copies and splitting")
    manifest = one_split(data, run)
    chosen = _chosen(manifest, classes)
    cache_folder = work / "cache"
    tested = []
    for class_id in chosen:
        say(f"Without {class_id}")
        folder = work / f"without-{manifest.labels.index(class_id) + 1}"
        tested.append(_leave_out(manifest, class_id, folder, cache_folder, run, progress, say))
    result = UnknownResult(
        left_out=tuple(tested),
        protocol=manifest.protocol,
        data_sha256=data_sha256(manifest),
        run=run,
    )
    write_json(work / RESULT, result.to_dict())
    return result


def _chosen(manifest: Manifest, wanted: Sequence[str]) -> tuple[str, ...]:
    labels = manifest.labels
    if len(labels) < _FEWEST_CLASSES:
        raise DataError(
            f"There are {len(labels)} classes here: {', '.join(labels)}.",
            hint="To leave one out and still tell two apart, three are needed.",
        )
    strangers = sorted(set(wanted) - set(labels))
    if strangers:
        raise UsageError(
            f"The data have no class {', '.join(strangers)}.",
            hint=f"There are {', '.join(labels)}.",
        )
    return tuple(label for label in labels if not wanted or label in wanted)


def _leave_out(
    manifest: Manifest,
    class_id: str,
    folder: Path,
    cache_folder: Path,
    run: SmallRun,
    progress: bool,
    say: Say,
) -> LeftOut:
    shown, hidden = _shown(manifest, class_id)
    known = manifest.with_rows(row for row in manifest.rows if row.label != class_id)
    table = folder / "manifest.csv"
    keep_manifest(known, table)
    result = trial(
        run.config(table, cache_folder),
        folder,
        name=folder.name,
        version="0",
        progress=progress,
        say=say,
    )
    say(f"Showing {len(shown)} slices of {class_id}")
    bundle = _calibrated(result, folder / "calibrated")
    familiar = _answers(bundle, known.select(split="test").rows, manifest.root)
    foreign = _answers(bundle, shown, manifest.root)
    ids = [c.id for c in bundle.info.classes]
    write_outcomes(folder / OUTCOMES, [*familiar, *foreign], ids)
    info = next(c for c in manifest.classes if c.id == class_id)
    return LeftOut(
        class_id=class_id,
        display_name=info.display_name.get("en", class_id),
        decision_sha256=bundle.info.decision_sha256,
        temperature=bundle.info.temperature,
        threshold=bundle.info.thresholds.confidence,
        accuracy=_share(familiar, [o.predicted_class == o.label for o in familiar]),
        known_answered=_share(familiar, [o.status == "answered" for o in familiar]),
        answered=_share(foreign, [o.status == "answered" for o in foreign]),
        taken_for=dict(Counter(o.predicted_class for o in foreign if o.predicted_class)),
        by_confidence=separation(
            _doubts(familiar), _units(familiar), _doubts(foreign), _units(foreign)
        ),
        by_distance=_by_distance(bundle, known, shown, cache_folder),
        n_hidden=hidden,
    )


def _calibrated(result: Trial, out: Path) -> Bundle:
    """Return the bundle at the temperature that suits its validation slices, as one that ships."""
    if out.exists():
        return load_bundle(out)
    ids = [c.id for c in result.bundle.info.classes]
    outcomes = [o for o in result.evaluations["val"].outcomes if not o.error]
    scores = Scores.from_outcomes(outcomes, ids)
    temperature = fit_temperature(scores.probabilities, scores.truth, scores.unit)
    return revise(result.bundle, out, temperature=temperature)


def _shown(manifest: Manifest, class_id: str) -> tuple[list[Row], int]:
    """Return the slices of a class to show, and how many stay out."""
    rows = manifest.rows
    shown: list[Row] = []
    total = 0
    for unit in units(rows, manifest.near_copies):
        of_class = [rows[i] for i in unit.rows if rows[i].label == class_id]
        total += len(of_class)
        others = (rows[i] for i in unit.rows if rows[i].label != class_id)
        if not any(row.split in _TRAINED_ON for row in others):
            shown.extend(of_class)
    if not shown:
        raise DataError(
            f"Every patient with a slice of {class_id} has slices of another class that is "
            "trained on.",
            hint=f"Leave {class_id} out of the test: name the other classes.",
        )
    return sorted(shown, key=lambda row: row.path), total - len(shown)


def _answers(bundle: Bundle, rows: Sequence[Row], root: Path) -> list[Outcome]:
    found = []
    answers = Predictor(bundle).predict_paths([row.path for row in rows])
    for row, (path, answer) in zip(rows, answers, strict=True):
        if isinstance(answer, BrainLensError):
            raise answer
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        found.append(
            Outcome.from_answer(
                name,
                answer.model_dump(),
                label=row.label,
                patient=row.patient,
                group=row.group,
                fold=row.fold,
            )
        )
    return found


def _units(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [unit_of(o.patient, o.group, o.path) for o in outcomes]


def _doubts(outcomes: Sequence[Outcome]) -> list[float]:
    """Return one less the confidence; all of it where the model named no class."""
    return [1.0 if o.confidence is None else 1.0 - o.confidence for o in outcomes]


def _share(outcomes: Sequence[Outcome], holds: Sequence[bool]) -> Ratio:
    """Return the share of slices of which something holds, patients drawn for its interval."""
    numbers = {unit: i for i, unit in enumerate(dict.fromkeys(_units(outcomes)))}
    unit = np.array([numbers[u] for u in _units(outcomes)], dtype=np.int64)
    found = ratios({"share": (np.array(holds, dtype=np.float64), np.ones(len(unit)))}, unit)[
        "share"
    ]
    if found.value is None or found.interval is not None:
        return found
    # All draws agree, mostly since all are answered: see `brainlens.evaluation.exact`.
    exact = clopper_pearson(found.value * found.n_units, found.n_units)
    return replace(found, interval=exact)


def _by_distance(
    bundle: Bundle, known: Manifest, shown: Sequence[Row], cache_folder: Path
) -> Separation:
    """Return how well the distance from the training slices' embeddings tells the shown."""
    train = known.select(split="train").rows
    test = known.select(split="test").rows
    rows = (*train, *test, *shown)
    values = embeddings(bundle, known.with_rows(rows), cache_folder)
    ids = [c.id for c in bundle.info.classes]
    distance = EmbeddingDistance.fit(
        values[: len(train)], np.array([ids.index(row.label) for row in train], dtype=np.int64)
    )
    far = distance(values[len(train) :])
    return separation(
        far[: len(test)], _units_of_rows(test), far[len(test) :], _units_of_rows(shown)
    )


def _units_of_rows(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [unit_of(row.patient, row.group, str(row.path)) for row in rows]
