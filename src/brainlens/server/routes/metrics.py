"""GET /metrics: figures about the service, as Prometheus fetches them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from brainlens.server.access import ACCESS_ERRORS, Reading
from brainlens.server.api_document import problems
from brainlens.server.metrics import MEDIA_TYPE
from brainlens.server.refusals import ScopeNeeded
from brainlens.server.service import Service, service_of

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Figures about the service",
    response_class=Response,
    responses={
        200: {
            "description": "All figures, in the text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems(*ACCESS_ERRORS, ScopeNeeded),
    },
)
async def metrics(_caller: Reading, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Say how many requests came, how long they took, what was answered, how long the queue is."""
    return Response(service.metrics.exposition(), media_type=MEDIA_TYPE)
