"""How much training images are varied."""

from pydantic import BaseModel, ConfigDict, Field


class AugmentationSpec(BaseModel):
    """Ranges of the random changes, chosen so that each result is still a plausible MR slice.

    Every value is drawn uniformly and per slice. There is no elastic or colour change and no
    mixing of slices: a lesion's shape, and its brightness against its surroundings, are what the
    classes differ in.

    Attributes
    ----------
    rotation_degrees
        Largest turn either way.
    scale
        Largest relative change of size.
    shift
        Largest shift along each axis, as a share of the side.
    flip
        Chance of a left–right mirror image.
    gain
        Largest relative change of brightness.
    gamma
        Largest relative change of the exponent applied to grey values in [0, 1].
    bias_field
        Largest relative brightness change of a smooth field of low order, as coils cause.
    noise
        Largest standard deviation of the noise added, in grey values of [0, 1].
    strip_chance
        Chance of skull stripping, rough and with a margin drawn at random; what is left fills the
        input: see `brainlens.training.skull_strip`.
    artefact_chance
        Chance of each of what follows, for each slice; 0 switches all of it off.
    crop
        Largest share of each side cut away, at a place drawn at random.
    padding
        Largest dark border on every side, as a share of the side.
    motion
        Largest turn in degrees, and shift in per cent of the side, between lines of k-space.
    ghosting
        Largest share taken from every n-th line of k-space.
    resolution
        Most pixels merged along a side; 1 merges none.
    jpeg_quality
        Lowest quality of JPEG compression; 100 compresses nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rotation_degrees: float = Field(default=15.0, ge=0, le=180)
    scale: float = Field(default=0.1, ge=0, le=0.5)
    shift: float = Field(default=0.06, ge=0, le=0.5)
    flip: float = Field(default=0.5, ge=0, le=1)
    gain: float = Field(default=0.1, ge=0, le=0.5)
    gamma: float = Field(default=0.2, ge=0, le=0.8)
    bias_field: float = Field(default=0.2, ge=0, le=0.8)
    noise: float = Field(default=0.02, ge=0, le=0.2)
    strip_chance: float = Field(default=0.0, ge=0, le=1)
    artefact_chance: float = Field(default=0.0, ge=0, le=1)
    crop: float = Field(default=0.0, ge=0, le=0.5)
    padding: float = Field(default=0.0, ge=0, le=1)
    motion: float = Field(default=0.0, ge=0, le=20)
    ghosting: float = Field(default=0.0, ge=0, le=1)
    resolution: float = Field(default=1.0, ge=1, le=8)
    jpeg_quality: float = Field(default=100.0, ge=5, le=100)
