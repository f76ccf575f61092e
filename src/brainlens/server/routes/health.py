"""GET /livez and /readyz: for whoever watches the process."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from brainlens.errors import ServiceBusy
from brainlens.server.api_document import problems
from brainlens.server.readiness import Readiness
from brainlens.server.refusals import NotReady
from brainlens.server.service import Service, service_of

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get(
    "/livez",
    summary="Whether the process answers",
    response_description="It does.",
    responses=problems(),
)
async def livez() -> Health:
    """Answer, whatever the models do."""
    return Health()


@router.get(
    "/readyz",
    summary="Whether a prediction would be taken now",
    response_description="It would.",
    responses=problems(ServiceBusy, NotReady),
)
async def readyz(request: Request, service: Annotated[Service, Depends(service_of)]) -> Health:
    """Answer 200 while another prediction would be taken and its record kept, else 503."""
    if service.pool.full:
        raise ServiceBusy("All places are taken.", hint="Ask again in a second.")
    readiness = request.app.state.readiness
    assert isinstance(readiness, Readiness)  # noqa: S101 - the lifespan set it
    await readiness.check()
    return Health()
