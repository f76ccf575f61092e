"""From a bundle's path to a model that answers: verified, run once, and only then given out."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import CARD, NOTICE
from brainlens.errors import UsageError
from brainlens.imaging import Limits
from brainlens.inference.predictor import Predictor
from brainlens.server.model import Model
from brainlens.server.settings import Settings

_SIDE: Final = 64


@dataclass(frozen=True, slots=True, repr=False)
class ModelLoader:
    """Loads bundles as one service serves them.

    Attributes
    ----------
    settings
        Its settings.
    input_key
        Key of the hashes of inputs; None for a random one for each model.
    """

    settings: Settings
    input_key: bytes | None = None

    def load(self, name: str, path: Path) -> Model:
        """Load, verify and run a bundle.

        Parameters
        ----------
        name
            The name under which it will be served.
        path
            Where it is.

        Raises
        ------
        BundleNotFound, BundleInvalid, StorageError
            If it cannot be loaded, or does not run.
        UsageError
            If the service's threshold would lower the bundle's.
        """
        bundle = load_bundle(path)
        predictor = Predictor(
            bundle,
            # Requests run side by side; see docs/decisions/0008-service-threads.md.
            threads=1,
            key=self.input_key,
            limits=Limits(max_pixels=self.settings.max_pixels),
        )
        # The first run allocates; and what does not run is found here, not by who asks first.
        predictor.predict(_test_image(), explain=True)
        return Model(
            name=name,
            info=bundle.info,
            threshold=_raised(name, bundle.info.thresholds.confidence, self.settings.threshold),
            predictor=predictor,
            card=bundle.read(CARD).decode(),
            notice=bundle.read(NOTICE).decode(),
        )


def _test_image() -> bytes:
    """Return a PNG of no meaning."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((_SIDE, _SIDE)).save(buffer, "PNG")
    return buffer.getvalue()


def _raised(name: str, own: float, wanted: float | None) -> float:
    if wanted is not None and wanted < own:
        raise UsageError(
            f"The threshold {wanted:g} is below the {own:g} of the bundle {name!r}.",
            hint="A service may raise a bundle's threshold, never lower it.",
        )
    return own if wanted is None else wanted
