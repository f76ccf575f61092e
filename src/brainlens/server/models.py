"""The models that a service answers with, by name."""

from collections.abc import Mapping
from pathlib import Path

from brainlens.bundle.shipped import shipped
from brainlens.errors import BundleNotFound, UsageError
from brainlens.server.model import Model
from brainlens.server.model_loader import ModelLoader
from brainlens.server.refusals import UnknownModel
from brainlens.server.settings import Settings

DEFAULT_NAME = "default"
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class Models:
    """The served models and which of them is the default; for one event loop.

    A request looks its model up once and keeps it until it is answered, so that a model may be
    replaced at any moment.

    Parameters
    ----------
    models
        Name → model.
    default
        The name of the one that answers where a request names none.
    loader
        What loads others in their place.
    """

    def __init__(self, models: Mapping[str, Model], default: str, loader: ModelLoader) -> None:
        self._models = dict(models)
        self.default = default
        self.loader = loader

    @classmethod
    def load(cls, settings: Settings, *, input_key: bytes | None = None) -> "Models":
        """Load and verify every bundle of the settings.

        Parameters
        ----------
        settings
            What to load.
        input_key
            Key of the hashes of inputs; by default a random one for each model.

        Raises
        ------
        BundleNotFound, BundleInvalid, StorageError
            If a bundle cannot be loaded, or there is none.
        UsageError
            If the default model is none of them, or the threshold would lower a bundle's.
        """
        paths = bundle_paths(settings)
        default = settings.default_model or (
            DEFAULT_NAME if DEFAULT_NAME in paths else next(iter(paths))
        )
        if default not in paths:
            raise UsageError(
                f"The default model {default!r} is not served.",
                hint=f"Choose one of: {', '.join(paths)}.",
            )
        loader = ModelLoader(settings, input_key)
        return cls({n: loader.load(n, path) for n, path in paths.items()}, default, loader)

    @property
    def by_name(self) -> Mapping[str, Model]:
        """Name → model, as they are now."""
        return self._models

    def replace(self, *models: Model) -> None:
        """Serve these under their names, at once and together, in place of those there."""
        self._models = self._models | {model.name: model for model in models}

    def find(self, name: str | None) -> Model:
        """Return the model of that name, or the default one for None.

        Raises
        ------
        UnknownModel
            If none has that name.
        """
        model = self.by_name.get(self.default if name is None else name)
        if model is None:
            raise UnknownModel(
                "No model of that name is served.",
                hint=f"Choose one of: {', '.join(self.by_name)}.",
            )
        return model


def bundle_paths(settings: Settings) -> Mapping[str, Path]:
    """Return the paths of the bundles to serve, by name.

    Raises
    ------
    BundleNotFound
        If there is none.
    """
    paths = settings.bundles or shipped()
    if not paths:
        raise BundleNotFound(
            "There is no bundle to serve: none is shipped in this installation.",
            hint="Give one: brainlens serve --bundle NAME=PATH.",
        )
    return paths
