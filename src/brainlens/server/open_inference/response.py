"""An answer as an inference response of the protocol: JSON, and binary data where it was asked."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from brainlens.inference.answer import Answer
from brainlens.server.open_inference.request import JSON_LENGTH_HEADER, InferenceRequest
from brainlens.server.open_inference.tensor import OUTPUTS, Datatype, OutputName, binary

JSON_TYPE: Final = "application/json"
BINARY_TYPE: Final = "application/octet-stream"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class OutputSize(_Part):
    """Where an output is that is not in the JSON."""

    binary_data_size: int = Field(ge=0, description="Bytes of this tensor after the JSON.")


class Output(_Part):
    """A field of the answer."""

    name: OutputName
    shape: list[int]
    datatype: Datatype
    parameters: OutputSize | None = None
    data: list[str | float | bool] | None = None


class AnswerParameters(_Part):
    """What an answer says besides its tensors."""

    model: str = Field(description="The bundle's own name.")
    version: str
    decision_sha256: str
    message_en: str
    message_fr: str
    disclaimer: str


class InferenceResponse(_Part):
    """The answer about one image."""

    model_name: str
    id: str | None = Field(default=None, description="As in the request; absent if it had none.")
    parameters: AnswerParameters
    outputs: list[Output]


def render(answer: Answer, request: InferenceRequest, *, model: str) -> Response:
    """Return the response that gives ``answer`` as ``request`` wants it.

    Parameters
    ----------
    answer
        The answer.
    request
        Which outputs are wanted, and where.
    model
        The name under which the model is served.
    """
    outputs, blobs = [], []
    for name, after in _wanted(request).items():
        field = OUTPUTS[name]
        values = list(field.values(answer))
        described: dict[str, Any] = {
            "name": name,
            "shape": [len(values)],
            "datatype": field.datatype,
        }
        if after:
            blobs.append(binary(values, field.datatype))
            described["parameters"] = OutputSize(binary_data_size=len(blobs[-1]))
        else:
            described["data"] = values
        outputs.append(Output(**described))
    response = InferenceResponse(
        model_name=model,
        id=request.id,
        parameters=AnswerParameters(
            model=answer.model.name,
            version=answer.model.version,
            decision_sha256=answer.model.decision_sha256,
            message_en=answer.message["en"],
            message_fr=answer.message["fr"],
            disclaimer=answer.disclaimer,
        ),
        outputs=outputs,
    )
    described_json = response.model_dump_json(exclude_none=True).encode()
    if not blobs:
        return Response(described_json, media_type=JSON_TYPE)
    return Response(
        b"".join([described_json, *blobs]),
        media_type=BINARY_TYPE,
        headers={JSON_LENGTH_HEADER: str(len(described_json))},
    )


def _wanted(request: InferenceRequest) -> dict[OutputName, bool]:
    """Return the names of the outputs wanted, and whether each follows the JSON."""
    default = request.parameters.binary_data_output
    if not request.outputs:
        return dict.fromkeys(OUTPUTS, default)
    return {
        wanted.name: default
        if wanted.parameters.binary_data is None
        else wanted.parameters.binary_data
        for wanted in request.outputs
    }
