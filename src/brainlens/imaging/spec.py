"""The complete description of a preprocess: stored in the bundle, hashed, the same everywhere."""

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from brainlens.files import canonical_json, sha256_bytes


class PreprocessSpec(BaseModel):
    """Every step and constant between decoded pixels and the network's input.

    The steps, in this order:

    1. ``intensity`` maps grey values to [0, 1] per slice. ``full_range`` divides by the largest
       value of the pixels' type (255 or 65535; float pixels by their own maximum) and does nothing
       else. ``percentile`` maps the
       ``low_percentile`` of the whole slice to 0 and the ``high_percentile`` of its foreground to
       1, and clips; the foreground is what exceeds ``foreground`` times the slice's 99.9th
       percentile above its minimum, so a black border changes nothing.
    2. With ``crop`` ``head``, cut away what lies around the head (`brainlens.imaging.head_box`), so
       that neither a black border nor the frame of the image matters.
    3. Pad with 0 to a square, the slice in the middle (an odd pixel goes right and below); the
       slice is never stretched.
    4. Resize to ``size`` with an antialiased triangle filter.
    5. Round to ``levels`` grey levels (what the cache stores).
    6. Divide by ``levels - 1``, subtract ``mean``, divide by ``std``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    intensity: Literal["full_range", "percentile"] = "percentile"
    low_percentile: float = Field(default=0.5, ge=0, lt=50)
    high_percentile: float = Field(default=99.5, gt=50, le=100)
    foreground: float = Field(default=0.1, ge=0, lt=1)
    crop: Literal["none", "head"] = "none"
    pad: Literal["square"] = "square"
    resample: Literal["triangle_antialias"] = "triangle_antialias"
    size: int = Field(default=128, ge=32, le=1024)
    levels: Literal[256] = 256
    mean: float = 0.0
    std: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _one_spelling(self) -> "PreprocessSpec":
        if self.intensity == "full_range":
            defaults = type(self).model_fields
            for name in ("low_percentile", "high_percentile", "foreground"):
                if getattr(self, name) != defaults[name].default:
                    raise ValueError(f"{name} has no meaning with intensity full_range")
            if self.crop == "head":
                raise ValueError("a head is found by its grey values: crop needs percentile")
        return self

    @model_serializer(mode="wrap")
    def _without_crop(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Left out where there is none, so that what was hashed before keeps its hash.
        spec: dict[str, Any] = serialise(self)
        if spec.get("crop") == "none":
            del spec["crop"]
        return spec

    @property
    def sha256(self) -> str:
        """Hash of the whole specification, standardisation included."""
        return sha256_bytes(canonical_json(self.model_dump(mode="json")))

    @property
    def cache_sha256(self) -> str:
        """Hash of the steps up to rounding: what the decoded cache depends on."""
        spec = self.model_dump(mode="json", exclude={"mean", "std"})
        return sha256_bytes(canonical_json(spec))
