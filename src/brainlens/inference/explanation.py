"""The explanation inside an answer: where the model looked."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from brainlens.errors import UsageError
from brainlens.imaging import Slice
from brainlens.inference.drawing import backdrop, drawn_size, heat_levels, overlay, png
from brainlens.inference.heatmap import HeatMap
from brainlens.words import WHERE_IT_LOOKED


class MapPictures(BaseModel):
    """One map, drawn.

    Attributes
    ----------
    peak
        (x, y) of its largest value in pixels of the original image; None where the map is zero
        all over.
    grid
        Rows and columns of the network's own grid. A place is not known more finely than that,
        however smooth the picture.
    strength
        Largest value in [0, 1], where 1 is the largest among the maps of all classes.
    overlay_png, map_png
        PNG in base64, or the file it was written to: the map in colour over the slice, and the map
        alone in grey (0 cold, 255 hot). As large as the original, at most 1024 pixels a side.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    peak: tuple[int, int] | None
    grid: tuple[int, int]
    strength: float = Field(ge=0, le=1)
    overlay_png: str
    map_png: str


class ClassPictures(MapPictures):
    """The map of one class, drawn; all classes of an answer on one scale."""

    class_id: str = Field(alias="class")


class Explanation(ClassPictures):
    """Where the model looked for the predicted class, and for others that were asked for.

    Attributes
    ----------
    others
        The other classes, in the order asked for.
    lesion_map
        Where the network located a lesion, for networks that have such an output.
    meaning
        What the pictures are and are not, by language.
    """

    others: tuple[ClassPictures, ...] = ()
    lesion_map: MapPictures | None = None
    meaning: dict[str, str] = WHERE_IT_LOOKED


@dataclass(frozen=True, slots=True)
class Looked:
    """What a forward pass tells of where the network looked.

    Attributes
    ----------
    maps
        One map a class, in the bundle's order.
    lesion
        The map of the output ``lesion_map``, or None where the graph has none.
    """

    maps: tuple[HeatMap, ...]
    lesion: HeatMap | None = None


def check_classes(wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the classes asked for, each once.

    Raises
    ------
    UsageError
        If one of them is not known.
    """
    for class_id in wanted:
        if class_id not in known:
            raise UsageError(
                f"The model has no class {class_id[:64]!r}.",
                hint=f"Choose among: {', '.join(known)}.",
            )
    return tuple(dict.fromkeys(wanted))


def explain(
    slice_: Slice, looked: Looked, predicted: str, classes: Sequence[str] = ()
) -> Explanation:
    """Draw the map of the predicted class, and of others.

    Parameters
    ----------
    slice_
        The slice.
    looked
        Its maps.
    predicted
        The predicted class.
    classes
        Other classes asked for; the predicted one among them is not drawn twice.
    """
    by_class = {heat_map.class_id: heat_map for heat_map in looked.maps}
    grey = backdrop(slice_)
    label = WHERE_IT_LOOKED["en"]

    def draw(heat_map: HeatMap) -> dict[str, object]:
        heat = heat_map.resampled(*drawn_size(slice_))
        strength = float(heat_map.values.max()) / heat_map.scale if heat_map.scale > 0 else 0.0
        return {
            "peak": heat_map.peak,
            "grid": heat_map.grid,
            "strength": strength,
            "overlay_png": _text(png(overlay(grey, heat), label)),
            "map_png": _text(png(heat_levels(heat), label)),
        }

    return Explanation.model_validate(
        {
            "class": predicted,
            **draw(by_class[predicted]),
            "others": tuple({"class": c, **draw(by_class[c])} for c in classes if c != predicted),
            "lesion_map": None if looked.lesion is None else draw(looked.lesion),
        }
    )


def _text(png: bytes) -> str:
    return base64.b64encode(png).decode("ascii")
