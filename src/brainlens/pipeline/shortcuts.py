"""Shortcut tests: what a classifier reaches without looking at the lesion.

Each trains a small model on data from which something was taken away, and measures it on patients
held out, beside guessing. What it reaches needs no look at the lesion.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from brainlens.bundle.schema import Metric
from brainlens.datasets.audit.confounds import find_confounds
from brainlens.datasets.audit.survey import survey
from brainlens.datasets.fingerprint import data_sha256
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.evaluation import Measurement
from brainlens.files import write_json
from brainlens.pipeline.one_split import keep_manifest, one_split
from brainlens.pipeline.shortcuts_result import Shortcut, ShortcutsResult, Test
from brainlens.pipeline.shuffled import shuffled
from brainlens.pipeline.silhouettes import silhouettes
from brainlens.pipeline.small_run import SmallRun
from brainlens.pipeline.trial import Say, trial

RESULT: Final = "shortcuts.json"
TESTS: Final[tuple[Test, ...]] = (
    "whole_images",
    "shuffled_labels",
    "head_outline",
    "file_facts",
)

_Alter = Callable[[Manifest, Path, SmallRun], Manifest]


def shortcuts(
    data: Manifest,
    work: Path,
    run: SmallRun,
    *,
    tests: Sequence[Test] = TESTS,
    progress: bool = True,
    say: Say,
) -> ShortcutsResult:
    """Run the shortcut tests, and the yardstick beside them.

    ``whole_images``: nothing is taken away. ``shuffled_labels``: each patient has the label of
    another, see `shuffled`; without augmentation, and measured after the last epoch.
    ``head_outline``: of each image only the outline of the head is left,
    see `silhouettes`. ``file_facts``: no image is seen at all, only size, format, compression,
    border and place of the head, see `brainlens.datasets.audit.confounds`; cross-validated over
    all slices, by whole groups.

    The split is the same for every training. What is done already in ``work`` is not trained again.

    Parameters
    ----------
    data
        The data set.
    work
        Folder of the trials; ``shortcuts.json`` is written there.
    run
        The choices of every training.
    tests
        Which tests.
    progress
        Show the trainings' bars.
    say
        Told what happens, for people.

    Raises
    ------
    UsageError
        If a choice is out of range.
    DataError, LeakySplit
        If the data cannot, or should not, be trained on.
    RunError
        If ``work`` was begun with other data or other choices.
    """
    # A choice out of range is refused before anything is written.
    run.config(work, work)
    say("Looking for copies and splitting")
    manifest = one_split(data, run)
    found = []
    for name in (test for test in TESTS if test in tests):
        if name == "file_facts":
            say("Reading file facts")
            found.append(_file_facts(manifest))
            continue
        folder = work / name.replace("_", "-")
        say(f"Preparing {name.replace('_', ' ')}")
        altered = _ALTERED[name](manifest, folder, run)
        found.append(_trained(name, altered, folder, work / "cache", run, progress, say))
    result = ShortcutsResult(tuple(found), manifest.protocol, data_sha256(manifest), run)
    write_json(work / RESULT, result.to_dict())
    return result


def _trained(
    name: Test,
    altered: Manifest,
    folder: Path,
    cache_folder: Path,
    run: SmallRun,
    progress: bool,
    say: Say,
) -> Shortcut:
    table = folder / "manifest.csv"
    keep_manifest(altered, table)
    # A leak shows only in a model that learnt its labels by heart: nothing is varied, and no epoch
    # is chosen by patients about whom there is nothing to learn.
    by_heart = name == "shuffled_labels"
    result = trial(
        run.config(table, cache_folder, **({"augmentation": None} if by_heart else {})),
        folder,
        name=folder.name,
        version="0",
        checkpoint="last" if by_heart else "best",
        progress=progress,
        say=say,
    )
    learnt = _overall(result.evaluations["train"].all, "balanced_accuracy")
    measured = result.evaluations["test"].all
    balanced, plain = _overall(measured, "balanced_accuracy"), _overall(measured, "accuracy")
    support = measured.confusion.sum(axis=1)
    return Shortcut(
        name=name,
        n_slices=measured.n_slices,
        n_patients=measured.n_patients,
        # Classes without test slices take no part in the mean either.
        chance=1 / int((support > 0).sum()),
        balanced_accuracy=balanced.value,
        interval=balanced.interval,
        accuracy=plain.value,
        accuracy_interval=plain.interval,
        trained=learnt.value,
        most_frequent=float(support.max() / support.sum()),
    )


def _overall(measured: Measurement, name: str) -> Metric:
    return next(m for m in measured.metrics if m.name == name and m.class_id is None)


def _file_facts(manifest: Manifest) -> Shortcut:
    known = [found for found in survey(manifest, folders=False) if found.facts is not None]
    confounds = find_confounds(
        [found.facts for found in known if found.facts is not None],
        [found.row.label for found in known],
        [found.row.group_key for found in known],
    )
    score = confounds.score
    return Shortcut(
        name="file_facts",
        n_slices=confounds.n_slices,
        n_patients=confounds.n_groups or None,
        chance=confounds.chance,
        balanced_accuracy=score.balanced_accuracy if score else None,
        interval=score.interval if score else None,
        reason=confounds.reason,
    )


def _as_they_are(manifest: Manifest, folder: Path, run: SmallRun) -> Manifest:
    return manifest


def _with_shuffled_labels(manifest: Manifest, folder: Path, run: SmallRun) -> Manifest:
    return shuffled(manifest, seed=run.seed)


def _outlines_only(manifest: Manifest, folder: Path, run: SmallRun) -> Manifest:
    return silhouettes(manifest, folder / "images")


_ALTERED: Final[dict[Test, _Alter]] = {
    "whole_images": _as_they_are,
    "shuffled_labels": _with_shuffled_labels,
    "head_outline": _outlines_only,
}
