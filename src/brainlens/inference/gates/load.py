"""The gates of a bundle, from its description and its statistics."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.bundle.schema import GATES
from brainlens.bundle.tensors import read_tensors
from brainlens.errors import BundleInvalid
from brainlens.imaging import PreprocessSpec, Slice, standardise
from brainlens.inference.engine import Engine
from brainlens.inference.gates import distance, image_sanity, lesion_sign
from brainlens.inference.gates.distance import Distance
from brainlens.inference.gates.features import DEPTHS
from brainlens.inference.gates.gate import Evidence, Gate
from brainlens.inference.gates.gates import Gates
from brainlens.inference.gates.image_sanity import ImageSanity
from brainlens.inference.gates.lesion_sign import LesionSign
from brainlens.inference.gates.subspace import Subspace

GATE: Final = "gate"
"""The field of a gate's record that holds its name; the others are its numbers."""
JOIN: Final = "+"
"""Between depths that are joined."""
_AGAIN: Final = "Fit the gates again."

Tensors = Mapping[str, NDArray[np.float32]]
Record = Mapping[str, Any]


def load_gates(bundle: Bundle, engine: Engine) -> Gates:
    """Return the gates of a bundle.

    Parameters
    ----------
    bundle
        A loaded bundle.
    engine
        What runs its graph.

    Raises
    ------
    BundleInvalid
        If a gate is not known, its numbers or statistics do not fit, or it needs an output that
        the graph has not.
    """
    tensors = read_tensors(bundle.read(GATES)) if GATES in bundle.names else {}
    gates = Gates(tuple(_gate(record, tensors) for record in bundle.info.gates))
    missing = sorted(set(gates.needs) - set(engine.outputs))
    if missing:
        raise BundleInvalid(
            f"The gates need the network's {', '.join(missing)}, which it does not give.",
            hint=_AGAIN,
        )
    _try(gates, engine, bundle.info.preprocess)
    return gates


def _try(gates: Gates, engine: Engine, spec: PreprocessSpec) -> None:
    """Ask every gate once, so that statistics of another network are found now."""
    blank = np.zeros((spec.size, spec.size), np.uint8)
    outputs = {}
    if gates.needs:
        batch = standardise(blank, spec)[np.newaxis, np.newaxis]
        outputs = engine.run(batch, gates.needs)
    evidence = Evidence(Slice(blank, "none"), blank, outputs)
    try:
        for gate in gates.all:
            gate.check(evidence)
    except ValueError as error:
        raise BundleInvalid(
            f"The gates' statistics are not of this network: {error}.", hint=_AGAIN
        ) from error


def _gate(record: Record, tensors: Tensors) -> Gate:
    name = record.get(GATE)
    make = _MAKERS.get(name) if isinstance(name, str) else None
    if make is None:
        raise BundleInvalid(
            f"The bundle has a gate {name!r}, which this version does not know.",
            hint="Update BrainLens.",
        )
    try:
        return make({key: value for key, value in record.items() if key != GATE}, tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleInvalid(f"The gate {name} is incomplete: {error}.", hint=_AGAIN) from error


def _image_sanity(record: Record, tensors: Tensors) -> Gate:
    return ImageSanity(**{key: float(value) for key, value in record.items()})


def _distance(record: Record, tensors: Tensors) -> Gate:
    depth = _depth(record["depth"])
    views = int(record.get(distance.VIEWS, 1))
    if views < 1:
        raise ValueError(f"{distance.VIEWS} is {views}")
    return Distance(
        depth=depth,
        subspaces=tuple(_subspace(tensors, distance.prefix(depth, view)) for view in range(views)),
        abstain_above=float(record["abstain_above"]),
        reject_above=float(record["reject_above"]),
        reference=tuple(map(float, tensors.get(f"{depth}.{distance.REFERENCE}", ()))),
    )


def _subspace(tensors: Tensors, prefix: str) -> Subspace:
    subspace = Subspace(
        mean=_tensor(tensors, f"{prefix}.mean", 1),
        scale=_tensor(tensors, f"{prefix}.scale", 1),
        axes=_tensor(tensors, f"{prefix}.axes", 2),
        rest=_tensor(tensors, f"{prefix}.rest", 1),
    )
    sizes = {len(subspace.mean), len(subspace.scale), subspace.axes.shape[1]}
    if (
        len(sizes) > 1
        or len(subspace.rest) != 1
        or min(subspace.scale.min(), subspace.rest[0]) <= 0
    ):
        raise ValueError(f"the statistics of {prefix} do not fit together")
    return subspace


def _lesion_sign(record: Record, tensors: Tensors) -> Gate:
    return LesionSign(
        depths=tuple(_depth(part) for part in str(record["depths"]).split(JOIN)),
        weights=_tensor(tensors, f"{lesion_sign.NAME}.weights", 1),
        bias=_tensor(tensors, f"{lesion_sign.NAME}.bias", 1),
        abstain_below=float(record["abstain_below"]),
    )


def _depth(name: Any) -> str:
    if name not in DEPTHS:
        raise ValueError(f"the depth {name!r} is not known")
    return str(name)


def _tensor(tensors: Tensors, name: str, dimensions: int) -> NDArray[np.float32]:
    tensor = tensors[name]
    if tensor.ndim != dimensions or not tensor.size:
        raise ValueError(f"{name} has {tensor.ndim} dimensions")
    return tensor


_MAKERS: Final[dict[str, Callable[[Record, Tensors], Gate]]] = {
    image_sanity.NAME: _image_sanity,
    distance.NAME: _distance,
    lesion_sign.NAME: _lesion_sign,
}
