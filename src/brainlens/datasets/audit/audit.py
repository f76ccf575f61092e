"""One look at a data set before anything is trained on it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brainlens.datasets.audit.confounds import Confounds, find_confounds
from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies
from brainlens.datasets.audit.copy_sets import copy_sets, exact_sets
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.groups import groups as name_groups
from brainlens.datasets.audit.leaks import find_leaks
from brainlens.datasets.audit.near_copies import find_near_copies
from brainlens.datasets.audit.pseudo_patients import pseudo_patients
from brainlens.datasets.audit.survey import Inspected, SeenImages, passed_over, survey
from brainlens.datasets.audit.training_manifest import training_manifest
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.datasets.open import MANIFEST_FILE, open_dataset
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import DataError


def audit(path: Path, *, seen: SeenImages | None = None, stage: Stage | None = None) -> Audit:
    """Look for everything that makes an accuracy measured on a data set untrue.

    Nothing is written. Files that cannot be read are findings, never errors.

    Parameters
    ----------
    path
        A data folder or a manifest, see `brainlens.datasets.open_dataset`.
    seen
        What a bundle was trained on, to be looked for among the images.
    stage
        Shows how far the work is.

    Raises
    ------
    DataError
        If there is no data set at ``path``, or not one image in it.
    ManifestError
        If the manifest breaks its schema.
    """
    stage = stage or silent
    manifest = open_dataset(path)
    if not manifest.rows:
        raise DataError(f"{path} names no image.", hint="Give a manifest with a row a slice.")
    folders = path.is_dir() and not (path / MANIFEST_FILE).is_file()
    with stage("Reading images") as update:
        inspected = survey(manifest, folders=folders, seen=seen, progress=update)
    manifest = manifest.with_rows(found.row for found in inspected)
    usable = [i for i, found in enumerate(inspected) if found.usable]
    exact = exact_sets(manifest.rows, usable)
    # Of images with the same pixels one stands for all.
    repeated = {i for s in exact for i in s.rows[1:]}
    with stage("Looking for near copies") as update:
        pairs = _pairs(manifest, [i for i in usable if i not in repeated], update)
    sets = copy_sets(manifest.rows, exact, pairs)
    groups = name_groups(manifest.rows, sets, pseudo_patients(manifest, NearCopies(pairs)))
    near = _by_content(manifest, pairs)
    with stage("Looking for confounds") as update:
        confounds = _confounds(inspected, usable, groups, update)
    return Audit(
        name=manifest.info.title or manifest.root.name,
        manifest=manifest,
        inspected=inspected,
        faults=(*(f for found in inspected for f in found.faults), *passed_over(manifest.skipped)),
        exact=exact,
        pairs=pairs,
        sets=sets,
        groups=groups,
        leaks=find_leaks(manifest, usable, sets, near, groups),
        confounds=confounds,
        training=training_manifest(manifest, inspected, sets, groups, near),
        bundle="" if seen is None else seen.name,
    )


def _pairs(
    manifest: Manifest, positions: Sequence[int], progress: Progress
) -> tuple[CopyPair, ...]:
    """Search among some rows; positions in the pairs are those of the whole manifest."""
    searched = manifest.with_rows(manifest.rows[i] for i in positions)
    found = find_near_copies(searched, progress)
    return tuple(
        replace(pair, first=positions[pair.first], second=positions[pair.second])
        for pair in found.pairs
    )


def _by_content(manifest: Manifest, pairs: Sequence[CopyPair]) -> KnownCopies:
    rows = manifest.rows
    return KnownCopies.of(
        (rows[pair.first].pixel_sha256, rows[pair.second].pixel_sha256)
        for pair in pairs
        if pair.kind == "copy"
    )


def _confounds(
    inspected: Sequence[Inspected],
    usable: Sequence[int],
    groups: Sequence[str],
    progress: Progress,
) -> Confounds:
    known = [(i, facts) for i in usable if (facts := inspected[i].facts) is not None]
    return find_confounds(
        [facts for _, facts in known],
        [inspected[i].row.label for i, _ in known],
        [groups[i] for i, _ in known],
        progress,
    )
