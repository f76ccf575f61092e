"""BrainLens tells tumour types apart in brain-MRI slices.

Research and teaching software. Not a medical device. Do not use for diagnosis or treatment.

>>> import brainlens
>>> answer = brainlens.load().predict("slice.png")  # doctest: +SKIP
>>> print(answer.status, answer.predicted_class, answer.confidence)  # doctest: +SKIP
"""

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainlens.inference.predictor import Predictor

__all__ = ["__version__", "load"]

__version__ = version("brainlens")

# ONNX Runtime would make an identifier of the machine in the home folder and tell its maker what is
# run and how. Set before it is loaded, this keeps it silent; whoever wants that says 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def load(name_or_path: str | Path = "default", *, threads: int | None = None) -> "Predictor":
    """Return a predictor of a bundle.

    Parameters
    ----------
    name_or_path
        Name of a bundle that ships with BrainLens, or the path of a bundle's folder or zip.
    threads
        Threads that work on one image together; default all cores.

    Raises
    ------
    BundleNotFound
        If there is no such bundle.
    BundleInvalid
        If it is damaged or not a bundle.
    """
    # Imported here so that `import brainlens` stays quick.
    from brainlens.bundle import find, load_bundle
    from brainlens.inference.predictor import Predictor

    return Predictor(load_bundle(find(name_or_path)), threads=threads)
