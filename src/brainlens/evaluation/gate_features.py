"""What gates measure slices by, for many slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.datasets.manifest import Progress, Row
from brainlens.errors import DataError, ImageError
from brainlens.evaluation.gate_view import AS_THEY_ARE, View
from brainlens.evaluation.slice_file import read_slice
from brainlens.evaluation.slice_rng import slice_rng
from brainlens.imaging import Slice, quantise, standardise
from brainlens.inference.engine import Engine
from brainlens.inference.gates import Evidence, Finding
from brainlens.inference.gates.features import features, needs
from brainlens.inference.gates.image_sanity import ImageSanity


@dataclass(frozen=True, eq=False)
class GateFeatures:
    """Slices as gates see them.

    Attributes
    ----------
    by_depth
        Depth → float32 [n, D].
    findings
        What image sanity found, one a slice.
    groups
        What each slice must not be separated from.
    changed
        Whether it is a changed copy, bool [n].
    """

    by_depth: dict[str, NDArray[np.float32]]
    findings: tuple[Finding | None, ...]
    groups: tuple[str, ...]
    changed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.groups)

    def as_they_are(self) -> "GateFeatures":
        """Return those of the slices that are no changed copies."""
        kept = np.flatnonzero(~self.changed)
        return GateFeatures(
            {depth: rows[kept] for depth, rows in self.by_depth.items()},
            tuple(self.findings[i] for i in kept),
            tuple(self.groups[i] for i in kept),
            self.changed[kept],
        )


def gate_features(
    bundle: Bundle,
    rows: Sequence[Row],
    depths: Sequence[str],
    sanity: ImageSanity,
    progress: Progress | None = None,
    *,
    view: View = AS_THEY_ARE[0],
) -> GateFeatures:
    """Measure slices by every depth, from the graph that is served.

    Slices that cannot be read are passed over: they never reach a gate.

    Parameters
    ----------
    bundle
        A loaded bundle.
    rows
        The slices.
    depths
        See `features`.
    sanity
        The gate asked before the network.
    progress
        Called with (done, total).
    view
        As what they are shown.

    Raises
    ------
    DataError
        If no slice can be read.
    StorageError
        If the file system refuses to read.
    """
    engine = Engine(bundle)
    spec = bundle.info.preprocess
    outputs = tuple(dict.fromkeys(output for depth in depths for output in needs(depth)))
    vectors: dict[str, list[NDArray[np.float32]]] = {depth: [] for depth in depths}
    findings: list[Finding | None] = []
    groups: list[str] = []
    changed: list[bool] = []
    for number, row in enumerate(rows, start=1):
        try:
            slice_ = read_slice(row.path)
        except ImageError:
            continue
        for shown, is_changed in _shown(slice_, view):
            quantised = quantise(shown, spec)
            batch = standardise(quantised, spec)[np.newaxis, np.newaxis]
            given = engine.run(batch, outputs) if outputs else {}
            evidence = Evidence(shown, quantised, given)
            findings.append(sanity.check(evidence))
            groups.append(row.group_key)
            changed.append(is_changed)
            for depth in depths:
                vectors[depth].append(features(depth, evidence))
        if progress is not None:
            progress(number, len(rows))
    if not groups:
        raise DataError("None of the slices can be read.", hint="Check the paths in the manifest.")
    by_depth = {depth: np.stack(found) for depth, found in vectors.items()}
    return GateFeatures(by_depth, tuple(findings), tuple(groups), np.array(changed))


def _shown(slice_: Slice, view: View) -> Iterator[tuple[Slice, bool]]:
    if view.unchanged:
        yield slice_, False
    rng = slice_rng(slice_, "gate view")
    for change in view.changes:
        yield change(slice_, rng), True
