"""All that an audit found."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brainlens.datasets.audit.confounds import Confounds
from brainlens.datasets.audit.copy_pair import CopyPair
from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.audit.file_faults import FileFault
from brainlens.datasets.audit.leaks import Leaks
from brainlens.datasets.audit.survey import Inspected
from brainlens.datasets.audit.training_manifest import TrainingManifest
from brainlens.datasets.manifest import Manifest


@dataclass(frozen=True)
class Audit:
    """What is wrong with a data set, and what to train from instead.

    Attributes
    ----------
    name
        What the data are called: their title, else the name of their folder.
    manifest
        The rows, with the hashes of what lies there now.
    inspected
        What each file says, in the order of the rows.
    faults
        Of all files, those that are no rows included; in the order of rows.
    exact
        Sets of rows with the same pixels.
    pairs
        Near copies and neighbouring slices; of exact copies one stands for all.
    sets
        Sets of copies, exact and near together.
    groups
        Name of each row's group.
    leaks, confounds
        What these modules found.
    training
        The manifest to train from.
    bundle
        Name of the bundle asked about; empty where none was.
    """

    name: str
    manifest: Manifest
    inspected: tuple[Inspected, ...]
    faults: tuple[FileFault, ...]
    exact: tuple[CopySet, ...]
    pairs: tuple[CopyPair, ...]
    sets: tuple[CopySet, ...]
    groups: tuple[str, ...]
    leaks: Leaks
    confounds: Confounds
    training: TrainingManifest
    bundle: str = ""

    @property
    def usable(self) -> tuple[int, ...]:
        """Positions of the rows that can be trained on."""
        return tuple(i for i, found in enumerate(self.inspected) if found.usable)

    @property
    def near(self) -> tuple[CopyPair, ...]:
        """The pairs that are near copies."""
        return tuple(pair for pair in self.pairs if pair.kind == "copy")

    @property
    def neighbours(self) -> tuple[CopyPair, ...]:
        """The pairs that are neighbouring slices."""
        return tuple(pair for pair in self.pairs if pair.kind == "neighbour")

    @property
    def contradictions(self) -> tuple[CopySet, ...]:
        """The sets whose picture has several labels."""
        return tuple(s for s in self.sets if s.contradicts)

    @property
    def seen(self) -> tuple[int, ...]:
        """Positions of the rows that the bundle asked about was trained on."""
        return tuple(i for i, found in enumerate(self.inspected) if found.seen)

    @property
    def n_redundant(self) -> int:
        """Images that would not be missed: of each set of copies all but one."""
        return redundant(self.sets)

    @property
    def home(self) -> Path:
        """The folder that people are shown paths from: the data folder, or where the images lie.

        A manifest may lie far from its images, and the way there says nothing of them.
        """
        root = self.manifest.root
        paths = [row.path for row in self.manifest.rows]
        if not paths or any(path.is_relative_to(root) for path in paths):
            return root
        try:
            return Path(os.path.commonpath([path.parent for path in paths]))
        except ValueError:  # on several drives
            return root

    @property
    def knows_patients(self) -> bool:
        """Whether every usable row has a patient or a group."""
        rows = self.manifest.rows
        return all(rows[i].patient or rows[i].group for i in self.usable)


def redundant(sets: Sequence[CopySet]) -> int:
    """Return how many rows of some sets are one too many."""
    return sum(len(s.rows) - 1 for s in sets)
