"""The models that a service answers with, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import CARD, NOTICE, BundleInfo
from brainlens.bundle.shipped import shipped
from brainlens.errors import BundleNotFound, UsageError
from brainlens.inference.explanation import check_classes
from brainlens.inference.predictor import Predictor
from brainlens.server.refusals import BadParameter, ThresholdLowered, UnknownModel
from brainlens.server.settings import Settings

DEFAULT_NAME = "default"
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"


@dataclass(frozen=True, slots=True)
class Model:
    """One served model.

    Attributes
    ----------
    name
        The name under which requests ask for it.
    info
        Its bundle's description.
    threshold
        Confidence in [0, 1] below which it abstains here.
    predictor
        What answers; safe to use from several threads.
    card
        Its bundle's model card, in Markdown.
    notice
        Attribution of its data and starting weights.
    """

    name: str
    info: BundleInfo
    threshold: float
    predictor: Predictor
    card: str
    notice: str

    def threshold_for(self, wanted: float | None, *, allow_lower: bool = False) -> float:
        """Return the threshold of a request that wants ``wanted``.

        Raises
        ------
        ThresholdLowered
            If that is below the model's, and the request may not lower it.
        """
        if wanted is None:
            return self.threshold
        if wanted < self.threshold and not allow_lower:
            raise ThresholdLowered(
                f"The threshold of this model is {self.threshold:g}; a request can only raise it.",
                hint="Leave threshold out, ask for a larger one, or use a key of scope admin.",
            )
        return wanted

    def classes_for(self, wanted: str | None, *, explain: bool) -> tuple[str, ...]:
        """Return the classes of a request that wants ``wanted``, ids with commas between.

        Raises
        ------
        BadParameter
            If one of them is not known, or no explanation is asked for.
        """
        if wanted is None:
            return ()
        if not explain:
            raise BadParameter(
                "classes says whose maps to draw, and none are drawn without explain=true.",
                hint="Add explain=true, or leave classes out.",
            )
        try:
            return check_classes(
                [part.strip() for part in wanted.split(",")], [c.id for c in self.info.classes]
            )
        except UsageError as error:
            raise BadParameter(error.message, hint=error.hint) from error


class Models:
    """The served models and which of them is the default."""

    def __init__(self, models: Mapping[str, Model], default: str) -> None:
        self.by_name = dict(models)
        self.default = default

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
        paths = settings.bundles or shipped()
        if not paths:
            raise BundleNotFound(
                "There is no bundle to serve: none is shipped in this installation.",
                hint="Give one: brainlens serve --bundle NAME=PATH.",
            )
        default = settings.default_model or (
            DEFAULT_NAME if DEFAULT_NAME in paths else next(iter(paths))
        )
        if default not in paths:
            raise UsageError(
                f"The default model {default!r} is not served.",
                hint=f"Choose one of: {', '.join(paths)}.",
            )
        models = {}
        for name, path in paths.items():
            bundle = load_bundle(path)
            models[name] = Model(
                name=name,
                info=bundle.info,
                threshold=_raised(name, bundle.info.thresholds.confidence, settings.threshold),
                # Requests run side by side; see docs/decisions/0008-service-threads.md.
                predictor=Predictor(bundle, threads=1, key=input_key),
                card=bundle.read(CARD).decode(),
                notice=bundle.read(NOTICE).decode(),
            )
        return cls(models, default)

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


def _raised(name: str, own: float, wanted: float | None) -> float:
    if wanted is not None and wanted < own:
        raise UsageError(
            f"The threshold {wanted:g} is below the {own:g} of the bundle {name!r}.",
            hint="A service may raise a bundle's threshold, never lower it.",
        )
    return own if wanted is None else wanted
