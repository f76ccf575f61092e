"""The engine: ONNX Runtime on the verified graph."""

import os
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.bundle.schema import GRAPH
from brainlens.errors import BundleInvalid

INPUT: Final = "image"
LOGITS: Final = "logits"
EMBEDDING: Final = "embedding"
HEATMAPS: Final = "heatmaps"
LESION_MAP: Final = "lesion_map"
FEATURE_STATISTICS: Final = "feature_statistics"

_FLOAT: Final = "tensor(float)"
_AGAIN: Final = "Export the bundle again."
_OTHER_FILES: Final = "session.model_external_initializers_file_folder_path"


class Engine:
    """Runs the network of a bundle. One engine may be used by many threads at once.

    Parameters
    ----------
    bundle
        A loaded bundle. The graph's verified bytes are used; nothing is read from disk.
    threads
        Threads that work on one batch together; default all cores. With W callers at a time, give
        cores / W.
    spinning
        Whether those threads wait for the next batch by spinning: a little quicker for one caller,
        and wasted cores for several.

    Raises
    ------
    BundleInvalid
        If the graph cannot be run, or its input and outputs are not those of the bundle.
    """

    def __init__(
        self, bundle: Bundle, *, threads: int | None = None, spinning: bool = False
    ) -> None:
        self._n_classes = len(bundle.info.classes)
        self._size = bundle.info.preprocess.size
        self._session = _open(bundle.read(GRAPH), threads, spinning)
        _check_input(self._session, self._size)
        self.outputs = _check_outputs(self._session, self._n_classes)

    def run(
        self, batch: NDArray[np.float32], outputs: Sequence[str] = (LOGITS,)
    ) -> dict[str, NDArray[np.float32]]:
        """Run the network on a batch; only what is asked for is computed.

        Parameters
        ----------
        batch
            Network input, shape [N, 1, size, size], N ≥ 1.
        outputs
            Names among ``self.outputs``.

        Returns
        -------
        dict
            Name → array: ``logits`` [N, C], ``embedding`` [N, D], ``heatmaps`` [N, C, h, w],
            ``lesion_map`` [N, 1, h, w], ``feature_statistics`` [N, F].

        Raises
        ------
        ValueError
            If the batch has another shape or type, or an output is not there.
        BundleInvalid
            If the network fails on it, or gives numbers that are not finite.
        """
        shape = (1, self._size, self._size)
        if (
            batch.dtype != np.float32
            or batch.ndim != 4
            or batch.shape[1:] != shape
            or not len(batch)
        ):
            raise ValueError(f"a batch is float32 [N, *{shape}], not {batch.dtype} {batch.shape}")
        unknown = sorted(set(outputs) - set(self.outputs))
        if unknown:
            raise ValueError(f"the graph has no output {', '.join(unknown)}")
        try:
            arrays = self._session.run(list(outputs), {INPUT: batch})
        # ONNX Runtime's exceptions share no base class.
        except Exception as error:
            raise BundleInvalid(f"The network failed: {error}", hint=_AGAIN) from error
        results = dict(zip(outputs, arrays, strict=True))
        for name, array in results.items():
            if not np.isfinite(array).all():
                raise BundleInvalid(
                    f"The network's {name} are not all finite numbers.",
                    hint="Export the bundle again, in full precision.",
                )
        return results


def _open(graph: bytes, threads: int | None, spinning: bool) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    if threads is not None:
        options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    # A graph may point to weights in other files, which no hash covers. Looked for in a folder that
    # cannot be, they are not found, and the graph is refused.
    options.add_session_config_entry(_OTHER_FILES, os.devnull)
    # Errors come as exceptions; the runtime's own log would only repeat them.
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    # ONNX Runtime's exceptions share no base class.
    except Exception as error:
        raise BundleInvalid(f"{GRAPH} cannot be run: {error}", hint=_AGAIN) from error


def _fits(shape: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    """Tell whether a graph's shape fits; None in ``wanted`` stands for any size."""
    return len(shape) == len(wanted) and all(
        size is None or actual == size for actual, size in zip(shape, wanted, strict=True)
    )


def _check_input(session: ort.InferenceSession, size: int) -> None:
    found = session.get_inputs()
    names = [node.name for node in found]
    if names != [INPUT]:
        raise BundleInvalid(f"{GRAPH} takes {names}, not [{INPUT!r}].", hint=_AGAIN)
    shape = found[0].shape
    # A symbolic side takes any size; a symbolic batch is needed, for slices come one or many.
    sides = [size if isinstance(side, str) or side is None else side for side in shape[2:]]
    if (
        found[0].type != _FLOAT
        or isinstance(shape[0], int)
        or not _fits([*shape[:2], *sides], (None, 1, size, size))
    ):
        raise BundleInvalid(
            f"{GRAPH} takes {found[0].type} {shape}; the preprocess gives float [N, 1, {size}, "
            f"{size}].",
            hint=_AGAIN,
        )


def _check_outputs(session: ort.InferenceSession, n_classes: int) -> tuple[str, ...]:
    wanted: dict[str, tuple[int | None, ...]] = {
        LOGITS: (None, n_classes),
        EMBEDDING: (None, None),
        HEATMAPS: (None, n_classes, None, None),
        LESION_MAP: (None, 1, None, None),
        FEATURE_STATISTICS: (None, None),
    }
    found = {node.name: node for node in session.get_outputs()}
    missing = [name for name in (LOGITS, EMBEDDING, HEATMAPS) if name not in found]
    if missing:
        raise BundleInvalid(f"{GRAPH} has no output {', '.join(missing)}.", hint=_AGAIN)
    for name, node in found.items():
        if name not in wanted:
            raise BundleInvalid(f"{GRAPH} has an unknown output {name}.", hint=_AGAIN)
        if node.type != _FLOAT or not _fits(node.shape, wanted[name]):
            raise BundleInvalid(
                f"{GRAPH} gives {name} as {node.type} {node.shape}, which does not fit "
                f"{n_classes} classes.",
                hint=_AGAIN,
            )
    return tuple(found)
