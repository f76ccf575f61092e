"""One split for every training of a test, and the manifest that each of them is begun with."""

from pathlib import Path

from brainlens.datasets.fingerprint import with_hashes
from brainlens.datasets.folds import deal, hold_out
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.splits import cut_validation
from brainlens.errors import DataError, RunError
from brainlens.pipeline.small_run import SmallRun

_FOLD = 1


def one_split(manifest: Manifest, run: SmallRun, progress: Progress | None = None) -> Manifest:
    """Return the labelled slices with hashes and one split, the same for every training of a test.

    A split into train and test that the manifest has is kept. Else one fold of whole groups with
    their copies is held out, dealt as for cross-validation under the protocol ``grouped``.

    Parameters
    ----------
    manifest
        The data set.
    run
        Its seed and share for validation.
    progress
        Called with (done, total) while images are hashed.

    Raises
    ------
    DataError
        If no slice has a label, an image cannot be read, or there are too few groups to cut.
    """
    labelled = [row for row in manifest.rows if row.label]
    if not labelled:
        raise DataError("No slice has a label.", hint="Fill the manifest's column label.")
    hashed = with_hashes(manifest.with_rows(labelled), progress)
    splits = {row.split for row in labelled}
    if "test" not in splits:
        dealt = deal(hashed, "grouped", seed=run.seed)
        return hold_out(dealt, _FOLD, val_fraction=run.val_fraction, seed=run.seed)
    if "val" in splits:
        return hashed
    return cut_validation(hashed, fraction=run.val_fraction, seed=run.seed)


def keep_manifest(manifest: Manifest, path: Path) -> None:
    """Write the manifest of a training; where it is there already, check that it is the same.

    Raises
    ------
    RunError
        If another one is there: what was trained on it would be taken for what is asked now.
    """
    if not path.exists():
        manifest.save(path)
    elif _content(Manifest.load(path)) != _content(manifest):
        raise RunError(
            f"{path.parent} was started with other images or another split.",
            hint="Choose a new folder, or give the data it was started with.",
        )


def _content(manifest: Manifest) -> list[tuple[str, ...]]:
    return sorted(_identity(row) for row in manifest.rows)


def _identity(row: Row) -> tuple[str, ...]:
    return (row.pixel_sha256, row.label, row.patient, row.group, row.split, row.path.name)
