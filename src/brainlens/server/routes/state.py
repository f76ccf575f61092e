"""GET /: what this service is and which models answer; to a browser, the page."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from brainlens import __version__
from brainlens.classes import ClassInfo
from brainlens.server.accept import prefers_html
from brainlens.server.api_document import problems
from brainlens.server.model import Model
from brainlens.server.page_assets import INDEX, assets
from brainlens.server.service import Service, service_of
from brainlens.words import DISCLAIMER

router = APIRouter(tags=["state"])


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelState(_Part):
    """One served model."""

    name: str = Field(description="The name to ask for in /predict?model=.")
    version: str
    decision_sha256: str = Field(description="Hash of all that decides an answer.")
    classes: tuple[ClassInfo, ...]
    threshold: float = Field(ge=0, le=1, description="Confidence below which it abstains.")
    synthetic: bool = Field(description="Whether it was trained on synthetic images.")
    knows_seen: bool = Field(description="Whether it can say which images it was trained on.")
    default: bool = Field(description="Whether it answers where a request names no model.")


class State(_Part):
    """What a service says of itself."""

    status: Literal["ok"] = "ok"
    version: str = __version__
    models: tuple[ModelState, ...]
    uptime_s: float = Field(ge=0)
    disclaimer: str = DISCLAIMER


def _model_state(model: Model, default: str) -> ModelState:
    return ModelState(
        name=model.name,
        version=model.info.version,
        decision_sha256=model.info.decision_sha256,
        classes=model.info.classes,
        threshold=model.threshold,
        synthetic=model.info.training.synthetic,
        knows_seen=model.info.seen is not None,
        default=model.name == default,
    )


@router.get(
    "/",
    summary="State of the service",
    response_model=State,
    responses={
        200: {
            "description": "Version, models and uptime; or the page, for who would rather have it.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **problems(),
    },
)
async def state(
    request: Request, response: Response, service: Annotated[Service, Depends(service_of)]
) -> State | Response:
    """Say which version runs since when, and which models it answers with.

    A browser that opens this address is shown the page at `/page` instead.
    """
    if prefers_html(request.headers.get("accept")):
        page = assets()[INDEX].response(request.headers)
        page.headers["Vary"] = "Accept, Accept-Encoding"
        return page
    response.headers["Vary"] = "Accept"
    models = service.models
    return State(
        models=tuple(_model_state(m, models.default) for m in models.by_name.values()),
        uptime_s=round(service.uptime_s, 3),
    )
