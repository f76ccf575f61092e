"""What gates measure slices by, for many slices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.datasets.manifest import Progress, Row
from brainlens.errors import DataError, ImageError
from brainlens.evaluation.slice_file import read_slice
from brainlens.imaging import quantise, standardise
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
    """

    by_depth: dict[str, NDArray[np.float32]]
    findings: tuple[Finding | None, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.groups)


def gate_features(
    bundle: Bundle,
    rows: Sequence[Row],
    depths: Sequence[str],
    sanity: ImageSanity,
    progress: Progress | None = None,
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
    for number, row in enumerate(rows, start=1):
        try:
            slice_ = read_slice(row.path)
        except ImageError:
            continue
        quantised = quantise(slice_, spec)
        batch = standardise(quantised, spec)[np.newaxis, np.newaxis]
        given = engine.run(batch, outputs) if outputs else {}
        evidence = Evidence(slice_, quantised, given)
        findings.append(sanity.check(evidence))
        groups.append(row.group_key)
        for depth in depths:
            vectors[depth].append(features(depth, evidence))
        if progress is not None:
            progress(number, len(rows))
    if not groups:
        raise DataError("None of the slices can be read.", hint="Check the paths in the manifest.")
    by_depth = {depth: np.stack(found) for depth, found in vectors.items()}
    return GateFeatures(by_depth, tuple(findings), tuple(groups))
