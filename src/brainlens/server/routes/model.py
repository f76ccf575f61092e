"""GET /models/{name}: what a model is, how good it is and where it comes from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from brainlens.bundle.calibration import Calibration
from brainlens.bundle.cautions import cautions
from brainlens.bundle.curves import Curves
from brainlens.bundle.schema import Metric, Network, Thresholds, Training
from brainlens.classes import ClassInfo
from brainlens.server.api_document import problems
from brainlens.server.model import Model
from brainlens.server.models import NAME_PATTERN
from brainlens.server.refusals import BadParameter, NotFound
from brainlens.server.service import Service, service_of
from brainlens.words import DISCLAIMER, INTENDED_INPUT

router = APIRouter(tags=["models"])

ModelName = Annotated[
    str, Path(pattern=NAME_PATTERN, description="Name of a model as GET / lists them.")
]


class ModelDescription(BaseModel):
    """All that a model's bundle says of it, weights and hashes of images left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="The name to ask for in /predict?model=.")
    bundle: str = Field(description="The bundle's own name.")
    version: str
    decision_sha256: str = Field(description="Hash of all that decides an answer.")
    classes: tuple[ClassInfo, ...]
    threshold: float = Field(ge=0, le=1, description="Confidence below which it abstains here.")
    thresholds: Thresholds
    network: Network
    calibration: Calibration | None
    metrics: tuple[Metric, ...]
    risk_coverage: tuple[dict[str, float], ...]
    curves: tuple[Curves, ...]
    training: Training
    cautions: tuple[str, ...]
    intended_input: str = INTENDED_INPUT
    disclaimer: str = DISCLAIMER
    card: str = Field(description="The model card, in Markdown.")
    notice: str = Field(description="Attribution of data and starting weights.")


@router.get(
    "/models/{name}",
    summary="Describe a model",
    response_description="Its card, figures, curves and attribution.",
    responses=problems(NotFound, BadParameter),
)
async def model(
    name: ModelName,
    service: Annotated[Service, Depends(service_of)],
) -> ModelDescription:
    """Say what a model was trained on, how it did on slices it had not seen, and its limits."""
    found = model_at(service, name)
    info = found.info
    return ModelDescription(
        name=found.name,
        bundle=info.name,
        version=info.version,
        decision_sha256=info.decision_sha256,
        classes=info.classes,
        threshold=found.threshold,
        thresholds=info.thresholds,
        network=info.network,
        calibration=info.calibration,
        metrics=info.metrics,
        risk_coverage=info.risk_coverage,
        curves=info.curves,
        training=info.training,
        cautions=cautions(info),
        card=found.card,
        notice=found.notice,
    )


def model_at(service: Service, name: str) -> Model:
    """Return the model that a path names.

    Raises
    ------
    NotFound
        If no model of that name is served.
    """
    found = service.models.by_name.get(name)
    if found is None:
        raise NotFound(
            "No model of that name is served.",
            hint=f"Choose one of: {', '.join(service.models.by_name)}.",
        )
    return found
