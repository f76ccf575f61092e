"""The manifest to train from: each picture once, contradictions out, groups filled in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.audit.survey import Inspected
from brainlens.datasets.known_copies import KnownCopies
from brainlens.datasets.manifest import Manifest

Reason = Literal["unusable", "contradiction", "copy"]

REASONS: Final[Mapping[Reason, str]] = {
    "unusable": "cannot be used",
    "contradiction": "the same picture has another label elsewhere: nobody knows which is right",
    "copy": "another copy of the picture stays in",
}
# A copy in the test set stays and the one in training goes, so that the test set keeps its size.
_STAYS: Final = {"test": 0, "val": 1, "train": 2, "": 3}


@dataclass(frozen=True)
class TrainingManifest:
    """What is left to train from.

    Attributes
    ----------
    manifest
        Its rows, with groups.
    left_out
        Why each of the other rows is not in it, by position in the audited manifest.
    """

    manifest: Manifest
    left_out: Mapping[int, Reason]

    @property
    def counts(self) -> dict[Reason, int]:
        """How many rows are out for each reason."""
        return dict(Counter(self.left_out.values()))


def training_manifest(
    manifest: Manifest,
    inspected: Sequence[Inspected],
    sets: Sequence[CopySet],
    groups: Sequence[str],
    near: KnownCopies,
) -> TrainingManifest:
    """Take out of a manifest what should not be trained on, and fill in groups.

    Of a set of copies one stays: that of test before val before train, then the one with the most
    pixels, then the first.

    Parameters
    ----------
    manifest
        Rows with their hashes.
    inspected
        What the files say.
    sets
        Sets of copies.
    groups
        Name of each row's group.
    near
        The near copies; they go with the manifest.
    """
    left_out: dict[int, Reason] = {
        i: "unusable" for i, found in enumerate(inspected) if not found.usable
    }
    for s in sets:
        if s.contradicts:
            left_out.update(dict.fromkeys(s.rows, "contradiction"))
        else:
            stays = min(s.rows, key=lambda i: _precedence(inspected[i]))
            left_out.update((i, "copy") for i in s.rows if i != stays)
    rows = tuple(
        # Where the patient is the group, the column stays empty, as it means that already.
        replace(row, group="" if groups[i] == row.patient else groups[i])
        for i, row in enumerate(manifest.rows)
        if i not in left_out
    )
    return TrainingManifest(replace(manifest, rows=rows, near_copies=near), left_out)


def _precedence(found: Inspected) -> tuple[int, int]:
    pixels = 0 if found.facts is None else found.facts.width * found.facts.height
    return _STAYS[found.row.split], -pixels
