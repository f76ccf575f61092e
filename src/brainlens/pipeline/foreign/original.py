"""The model as it was given: what a bundle made of it must repeat."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from brainlens.errors import ModelError, UsageError
from brainlens.pipeline.foreign.choices import Choices, Scores
from brainlens.pipeline.foreign.feeding import Feeding

TOLERANCE: Final = 1e-3
"""Largest difference between probabilities that are still called the same."""
_SUM_TO_ONE: Final = 1e-3
_SAME: Final = 1e-4
"""Probabilities of all test images that lie within it are one answer to everything."""


@dataclass(frozen=True, eq=False)
class Original:
    """What a model said about some images.

    Attributes
    ----------
    output
        Name of the output with one number a class.
    scores
        Whether those are logits or probabilities.
    probabilities
        float64 [N, C].
    embedding
        Name of an output that can be the embedding; None where there is none.
    """

    output: str
    scores: Scores
    probabilities: NDArray[np.float64]
    embedding: str | None

    @property
    def says_one_thing(self) -> bool:
        """Whether it says the same of every image: then it is probably fed wrong."""
        return bool(np.ptp(self.probabilities, axis=0).max() < _SAME)


def ask(
    session: ort.InferenceSession,
    feeding: Feeding,
    images: NDArray[np.float32],
    class_ids: tuple[str, ...],
    choices: Choices,
) -> Original:
    """Run a model on grey images, one at a time, and find out which output is which.

    Raises
    ------
    ModelError
        If it fails, says no finite numbers, or has no output with one number a class.
    UsageError
        If more than one output could be meant, or what the user says does not fit.
    """
    said = [run(session, feeding, image[np.newaxis]) for image in images]
    outputs = {name: np.concatenate([answer[name] for answer in said]) for name in said[0]}
    output = _output(outputs, class_ids, choices.output)
    values = outputs[output].astype(np.float64)
    if not np.isfinite(values).all():
        raise ModelError(
            f"The model's {output} are not all finite numbers.",
            hint="Check --scale, --mean and --std, or export it in full precision.",
        )
    scores = _scores(values, output, choices.scores)
    probabilities = softmax(values) if scores == "logits" else values
    return Original(output, scores, probabilities, _embedding(outputs, output, choices.features))


def run(
    session: ort.InferenceSession, feeding: Feeding, images: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """Return all outputs for one image, whatever number of images the model takes at a time.

    Raises
    ------
    ModelError
        If the model fails.
    """
    prepared = feeding.prepare(images)
    if feeding.batch is not None:
        prepared = np.repeat(prepared, feeding.batch, axis=0)
    names = [node.name for node in session.get_outputs()]
    try:
        found = session.run(names, {feeding.name: prepared})
    # ONNX Runtime's exceptions share no base class.
    except Exception as error:
        raise ModelError(
            f"The model fails on a test image: {str(error).splitlines()[0]}",
            hint="Check --size, --channels and --layout.",
        ) from error
    return {
        name: np.asarray(value)[: len(images)] for name, value in zip(names, found, strict=True)
    }


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the probabilities of logits [N, C]."""
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = exponents / exponents.sum(axis=1, keepdims=True)
    return shares


def _output(outputs: dict[str, NDArray[Any]], class_ids: tuple[str, ...], said: str | None) -> str:
    shapes = ", ".join(f"{name} {list(array.shape[1:])}" for name, array in outputs.items())
    if said is not None and said not in outputs:
        raise UsageError(f"The model has no output {said}.", hint=f"It has: {shapes}.")
    candidates = [said] if said is not None else list(outputs)
    fitting = [name for name in candidates if outputs[name].shape[1:] == (len(class_ids),)]
    if not fitting:
        raise ModelError(
            f"No output has one number for each of the {len(class_ids)} classes; for one image "
            f"the model gives {shapes}.",
            hint="Name as many classes as it tells apart, in its own order: --classes.",
        )
    if len(fitting) > 1:
        raise UsageError(
            f"More than one output has {len(class_ids)} numbers: {', '.join(fitting)}.",
            hint="Say which one names the classes: --output.",
        )
    return fitting[0]


def _scores(values: NDArray[np.float64], output: str, said: Scores | None) -> Scores:
    sums_to_one = bool(np.abs(values.sum(axis=1) - 1).max() <= _SUM_TO_ONE)
    within = bool(values.min() >= 0 and values.max() <= 1)
    if said == "logits":
        return "logits"
    if said == "probabilities" and not (within and sums_to_one):
        raise UsageError(
            f"The rows of {output} are no probabilities: they do not lie in [0, 1] and sum to 1.",
            hint="Leave --scores out, or say --scores logits.",
        )
    if within and sums_to_one:
        return "probabilities"
    if within:
        raise UsageError(
            f"The numbers of {output} lie in [0, 1] and do not sum to 1, as if each class were "
            "told apart from the rest alone.",
            hint="BrainLens serves classes of which one is true. If these are logits: --scores "
            "logits.",
        )
    return "logits"


def _embedding(outputs: dict[str, NDArray[Any]], output: str, said: str | None) -> str | None:
    flat = [
        name
        for name, array in outputs.items()
        if name != output and array.ndim == 2 and array.dtype.kind == "f" and array.shape[1] > 1
    ]
    if said is not None:
        return said if said in flat else None
    return flat[0] if len(flat) == 1 else None
