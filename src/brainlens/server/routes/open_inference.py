"""The Open Inference Protocol under /v2: what model servers speak, for clients made for those."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from brainlens import __version__
from brainlens.errors import EmptyImage, ImageTooLarge, NotAnImage, ServiceBusy, UnreadableImage
from brainlens.server.access import ACCESS_ERRORS, Predicting
from brainlens.server.answering import Question, Upload, answer_upload
from brainlens.server.api_document import TITLE, problems
from brainlens.server.open_inference.request import (
    ENVELOPE_BYTES,
    JSON_LENGTH_HEADER,
    InferenceRequest,
    Taken,
    body_envelope,
    take_request,
)
from brainlens.server.open_inference.response import (
    BINARY_TYPE,
    JSON_TYPE,
    InferenceResponse,
    render,
)
from brainlens.server.open_inference.tensor import INPUT, OUTPUTS, Datatype
from brainlens.server.refusals import (
    BadParameter,
    NotFound,
    ScopeNeeded,
    SlowRequest,
    ThresholdLowered,
)
from brainlens.server.routes.health import readyz
from brainlens.server.routes.model import ModelName, model_at
from brainlens.server.service import Service, service_of

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerMetadata(_Part):
    """What answers."""

    name: str = TITLE.lower()
    version: str = __version__
    extensions: tuple[str, ...] = ("binary_tensor_data",)


class Live(_Part):
    """The process answers."""

    live: Literal[True] = True


class Ready(_Part):
    """A prediction would be taken now."""

    ready: Literal[True] = True


class ModelReady(Ready):
    """The model answers."""

    name: str


class Tensor(_Part):
    """One input or output; a dimension of -1 differs from answer to answer."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


class ModelMetadata(_Part):
    """What goes in and what comes out."""

    name: str
    platform: str = "brainlens"
    inputs: tuple[Tensor, ...] = (Tensor(name=INPUT, datatype="BYTES", shape=(1,)),)
    outputs: tuple[Tensor, ...] = tuple(
        Tensor(name=name, datatype=field.datatype, shape=(field.size,))
        for name, field in OUTPUTS.items()
    )


class InferQuery(_Part):
    """What a request may choose besides."""

    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Confidence below which to abstain; the model's own can only be raised.",
    )


@router.get("", summary="What answers here", responses=problems())
async def server() -> ServerMetadata:
    """Name the server and the extensions of the protocol that it offers."""
    return ServerMetadata()


@router.get("/health/live", summary="Whether the process answers", responses=problems())
async def live() -> Live:
    """Answer, whatever the models do."""
    return Live()


@router.get(
    "/health/ready",
    summary="Whether a prediction would be taken now",
    responses=problems(ServiceBusy),
)
async def ready(health: Annotated[object, Depends(readyz)]) -> Ready:
    """Answer as `/readyz` does."""
    return Ready()


@router.get(
    "/models/{name}",
    summary="What goes into a model and what comes out",
    responses=problems(NotFound, BadParameter),
)
async def metadata(
    name: ModelName, service: Annotated[Service, Depends(service_of)]
) -> ModelMetadata:
    """List the input, one encoded image, and the fields of an answer as outputs."""
    return ModelMetadata(name=model_at(service, name).name)


@router.get(
    "/models/{name}/ready",
    summary="Whether a model would take a prediction now",
    responses=problems(NotFound, BadParameter, ServiceBusy),
)
async def model_ready(
    name: ModelName,
    service: Annotated[Service, Depends(service_of)],
    health: Annotated[object, Depends(readyz)],
) -> ModelReady:
    """Answer as `/readyz` does where there is such a model."""
    return ModelReady(name=model_at(service, name).name)


# One black pixel.
_EXAMPLE: Final[dict[str, Any]] = {
    "id": "42",
    "inputs": [
        {
            "name": INPUT,
            "shape": [1],
            "datatype": "BYTES",
            "parameters": {"content_type": "base64"},
            "data": [
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5E"
                "rkJggg=="
            ],
        }
    ],
    "outputs": [{"name": "status"}, {"name": "probabilities"}],
}
_REQUEST: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": JSON_LENGTH_HEADER,
            "in": "header",
            "required": False,
            "description": "Bytes of JSON that the body begins with; binary data follow.",
            "schema": {"type": "integer", "minimum": 1, "maximum": ENVELOPE_BYTES},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            JSON_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{InferenceRequest.__name__}"},
                "examples": {"base64": {"summary": "The image within the JSON", "value": _EXAMPLE}},
            },
            BINARY_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    },
}


@router.post(
    "/models/{name}/infer",
    summary="Classify one slice",
    response_model=InferenceResponse,
    responses={
        200: {
            "description": "The fields of an answer; what is null in an answer has no elements.",
            "content": {BINARY_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "headers": {
                JSON_LENGTH_HEADER: {
                    "description": "Bytes of JSON before the binary data, where there are any.",
                    "schema": {"type": "integer"},
                }
            },
        },
        **problems(
            EmptyImage,
            UnreadableImage,
            ThresholdLowered,
            NotFound,
            SlowRequest,
            ImageTooLarge,
            NotAnImage,
            BadParameter,
            ServiceBusy,
            ScopeNeeded,
            *ACCESS_ERRORS,
        ),
    },
    openapi_extra=_REQUEST,
)
async def infer(
    request: Request,
    name: ModelName,
    query: Annotated[InferQuery, Query()],
    caller: Predicting,
    service: Annotated[Service, Depends(service_of)],
) -> Response:
    """Answer about one encoded image, as `/predict` does; its record is kept as well.

    The image is the one input `image`, of type BYTES: a file as it is, never pixels, so that it
    passes the same checks and gates as every other. It is sent after the JSON, as the protocol's
    binary data, or within it as base64.
    """
    json_length = request.headers.get(JSON_LENGTH_HEADER)
    max_bytes = service.settings.max_upload_bytes
    taken: list[Taken] = []

    def take(body: bytes) -> bytes:
        taken.append(take_request(body, json_length, max_bytes=max_bytes))
        return taken[0].image

    answer = await answer_upload(
        request,
        service,
        caller,
        Question(model_at(service, name), query.threshold),
        Upload(take, envelope=body_envelope(json_length, max_bytes)),
    )
    return render(answer, taken[0].request, model=name)
