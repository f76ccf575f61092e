"""A bundle of a network that was trained elsewhere."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.schema import GRAPH, BundleInfo, Network, Training
from brainlens.bundle.write import write_bundle
from brainlens.classes import ClassInfo
from brainlens.errors import BundleInvalid, CheckFailed, ModelError, UsageError
from brainlens.files import sha256_bytes
from brainlens.imaging.spec import PreprocessSpec
from brainlens.inference.engine import EMBEDDING, HEATMAPS, LOGITS, Engine
from brainlens.pipeline.foreign.batch import not_free
from brainlens.pipeline.foreign.choices import Choices
from brainlens.pipeline.foreign.feeding import Feeding, find_feeding
from brainlens.pipeline.foreign.graph import Wrapped, wrap
from brainlens.pipeline.foreign.original import TOLERANCE, Original, ask, softmax
from brainlens.pipeline.foreign.pictures import pictures
from brainlens.pipeline.foreign.read import open_session, parse, read_bytes

UNKNOWN: Final = "unknown"
ELSEWHERE: Final = "elsewhere"


@dataclass(frozen=True)
class Origin:
    """Whose the model is, as far as whoever makes the bundle knows.

    Attributes
    ----------
    trained_on
        The data it was trained on, in words.
    licence
        The data's licence; ``unverified`` where nobody knows.
    attribution
        The sentence that the licence asks for; may be empty.
    """

    trained_on: str
    licence: str
    attribution: str = ""


@dataclass(frozen=True, eq=False)
class FromOnnx:
    """A bundle made of a model, and what was found out on the way.

    Attributes
    ----------
    bundle
        The bundle, loaded and verified.
    feeding, original, wrapped
        How the model is fed, what its outputs are, how the graph was made.
    n_images
        Test images.
    difference
        Largest difference between probabilities of bundle and model on them.
    """

    bundle: Bundle
    feeding: Feeding
    original: Original
    wrapped: Wrapped
    n_images: int
    difference: float


def bundle_from_onnx(
    path: Path,
    out: Path,
    *,
    name: str,
    version: str,
    classes: tuple[ClassInfo, ...],
    origin: Origin,
    choices: Choices | None = None,
) -> FromOnnx:
    """Make a bundle of an ONNX classifier of images, and check that it says the same.

    Parameters
    ----------
    path
        The model's file.
    out
        Folder of the bundle; must not exist.
    name, version
        Of the bundle.
    classes
        What the model's outputs mean, in its order.
    origin
        What it was trained on.
    choices
        What the user says of the model.

    Raises
    ------
    ModelError
        If the model cannot be made a bundle.
    UsageError
        If ``out`` exists, the origin is not told, or options do not fit the model.
    CheckFailed
        If the bundle's probabilities differ from the model's by more than `TOLERANCE`.
    StorageError
        If the file system refuses.
    """
    choices = choices or Choices()
    _require_told(out, origin)
    data = read_bytes(path)
    model = parse(data)
    session = open_session(data)
    feeding = find_feeding(session, choices)
    images = pictures(feeding.size)
    ids = tuple(c.id for c in classes)
    original = ask(session, feeding, images, ids, choices)
    # An embedding was asked for, and found: heat maps are made of what is found by itself.
    features = None if choices.features == original.embedding else choices.features
    wrapped = wrap(model, feeding, original, images, features)
    info = BundleInfo(
        name=name,
        version=version,
        classes=classes,
        network=Network(
            name=ELSEWHERE,
            options={
                "input": str(feeding),
                "outputs": original.scores,
                "heat_maps": f"{wrapped.heat_maps}, of {wrapped.features}",
                "model_sha256": sha256_bytes(data),
            },
        ),
        preprocess=PreprocessSpec(intensity=choices.intensity, size=feeding.size),
        training=Training(
            data_title=origin.trained_on,
            data_licence=origin.licence,
            data_attribution=origin.attribution,
            data_sha256="",
            synthetic=False,
            n_slices=None,
            split_check=UNKNOWN,
            protocol=UNKNOWN,
            seed=None,
            preset=UNKNOWN,
            epochs=None,
        ),
    )
    files: Mapping[str, bytes] = {GRAPH: wrapped.graph}
    difference = _check(info, files, original, images, feeding)
    write_bundle(out, info, files)
    return FromOnnx(load_bundle(out), feeding, original, wrapped, len(images), difference)


def _require_told(out: Path, origin: Origin) -> None:
    if out.exists():
        raise UsageError(
            f"{out} exists; a bundle is never overwritten.", hint="Give another folder."
        )
    if not (origin.trained_on.strip() and origin.licence.strip()):
        raise UsageError(
            "What the model was trained on, and under which licence, must be said.",
            hint="Say what you know: --trained-on TEXT --licence TEXT ('unverified' where nobody "
            "knows).",
        )


def _check(
    info: BundleInfo,
    files: Mapping[str, bytes],
    original: Original,
    images: NDArray[np.float32],
    feeding: Feeding,
) -> float:
    """Run the bundle as it would be served; return how far its probabilities are off."""
    with tempfile.TemporaryDirectory(prefix="brainlens-") as folder:
        write_bundle(Path(folder) / "bundle", info, files)
        try:
            engine = Engine(load_bundle(Path(folder) / "bundle"), threads=1)
            alone = [_run(engine, image[np.newaxis]) for image in images]
            together = _run(engine, images)
        except BundleInvalid as error:
            raise ModelError(
                f"The model does not work as a bundle: {error.message}", hint="Export it anew."
            ) from error
    each = {name: np.concatenate([one[name] for one in alone]) for name in alone[0]}
    difference = float(np.abs(softmax(each[LOGITS]) - original.probabilities).max())
    if not difference <= TOLERANCE:
        raise CheckFailed(
            f"The bundle's probabilities differ from the model's by {difference:.2g}.",
            hint="Export the model in single precision, in evaluation mode.",
        )
    batches = np.abs(softmax(together[LOGITS]) - softmax(each[LOGITS])).max()
    maps = np.abs(together[HEATMAPS] - each[HEATMAPS]).max() / max(each[HEATMAPS].max(), 1)
    if not max(batches, maps) <= TOLERANCE:
        raise not_free(feeding.batch)
    return difference


def _run(engine: Engine, images: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    return engine.run(images, (LOGITS, EMBEDDING, HEATMAPS))
