"""What a bundle's gates did with one set of images."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class GateCheck(BaseModel):
    """What became of the images of one set.

    Attributes
    ----------
    name
        What the images show, in words.
    differs
        In what else they differ from the training slices, so that the figures may be due to that;
        empty where nothing is known.
    n_images, n_patients
        What was measured on; ``n_patients`` is None where a patient is unknown.
    answered
        Images answered above the threshold.
    let_through
        Those, and images held back for low confidence alone: no gate objected.
    rejected
        Images rejected; the others were abstained from.
    answered_interval, let_through_interval, rejected_interval
        Exact 95 % intervals of the shares (Clopper and Pearson), with patients as trials where they
        are known, else images.
    reasons
        Reason → images held back for it; an image may have several.
    decision_sha256
        The decision hash of the file that was measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    differs: str = ""
    n_images: int = Field(ge=1)
    n_patients: int | None = None
    answered: int = Field(ge=0)
    let_through: int = Field(ge=0)
    rejected: int = Field(ge=0)
    answered_interval: tuple[Share, Share]
    let_through_interval: tuple[Share, Share]
    rejected_interval: tuple[Share, Share]
    reasons: dict[str, int] = {}
    decision_sha256: str
