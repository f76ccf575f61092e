"""One served model."""

from dataclasses import dataclass

from brainlens.bundle.schema import BundleInfo
from brainlens.errors import UsageError
from brainlens.inference.explanation import check_classes
from brainlens.inference.predictor import Predictor
from brainlens.server.refusals import BadParameter, ThresholdLowered


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
