"""An inference request of the protocol, taken apart: one encoded image, and the outputs wanted."""

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brainlens.errors import EmptyImage
from brainlens.server.intake import too_large
from brainlens.server.open_inference.tensor import OutputName
from brainlens.server.refusals import BadParameter

#: Says that binary data follows the JSON, and after how many bytes it begins.
JSON_LENGTH_HEADER: Final = "Inference-Header-Content-Length"
#: Bytes of JSON around an image, or before it where it follows as binary data.
ENVELOPE_BYTES: Final = 16 * 1024
_LENGTH: Final = struct.Struct("<I")
_HINT: Final = "docs/service.md shows a request; tritonclient builds it."


class _Part(BaseModel):
    # What is not known is refused: shared memory, sequences and priorities mean nothing here, and
    # a caller who asks for them must learn that.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class InputParameters(_Part):
    """How the image is sent."""

    binary_data_size: int | None = Field(
        default=None, ge=0, description="Bytes of this tensor after the JSON."
    )
    content_type: Literal["base64"] | None = Field(
        default=None,
        description="Says that `data` is base64. Without it the image is the UTF-8 encoding of the "
        "string, which few image formats can be.",
    )


class Input(_Part):
    """The one input: an encoded image, as a file holds it."""

    name: Literal["image"]
    shape: Annotated[list[Literal[1]], Field(min_length=1, max_length=1)]
    datatype: Literal["BYTES"]
    parameters: InputParameters = InputParameters()
    data: Annotated[list[str], Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="The image; left out where it follows as binary data."
    )


class OutputParameters(_Part):
    """How an output is to be sent."""

    binary_data: bool | None = Field(default=None, description="Whether after the JSON.")


class RequestedOutput(_Part):
    """An output that is wanted."""

    name: OutputName
    parameters: OutputParameters = OutputParameters()


class RequestParameters(_Part):
    """What holds for the whole request."""

    binary_data_output: bool = Field(
        default=False, description="Whether outputs that do not say otherwise follow the JSON."
    )


class InferenceRequest(_Part):
    """One image to answer about."""

    id: str | None = Field(default=None, max_length=256, description="Given back as it is.")
    parameters: RequestParameters = RequestParameters()
    inputs: Annotated[list[Input], Field(min_length=1, max_length=1)]
    outputs: Annotated[list[RequestedOutput], Field(max_length=32)] = Field(
        default=[], description="The outputs wanted; all of them if left out."
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request holds.

    Attributes
    ----------
    request
        Its JSON.
    image
        The image's bytes.
    """

    request: InferenceRequest
    image: bytes


def body_envelope(json_length: str | None, max_bytes: int) -> int:
    """Return how many bytes a body may hold beyond an image of ``max_bytes``."""
    return ENVELOPE_BYTES if json_length is not None else ENVELOPE_BYTES + max_bytes // 2


def take_request(body: bytes, json_length: str | None, *, max_bytes: int) -> Taken:
    """Return what a whole body holds.

    Parameters
    ----------
    body
        The body, bounded already.
    json_length
        The header `JSON_LENGTH_HEADER`, if it was sent.
    max_bytes
        Largest image, in bytes.

    Raises
    ------
    BadParameter
        If it is no request that can be answered.
    EmptyImage, ImageTooLarge
        If the image has no bytes, or more than ``max_bytes``.
    """
    described, binary = _split(body, json_length)
    try:
        request = InferenceRequest.model_validate_json(described)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step)[:64] for step in first["loc"]) or "the request"
        raise BadParameter(f"{place}: {first['msg']}.", hint=_HINT) from None
    image = _image(request.inputs[0], binary)
    if not image:
        raise EmptyImage("The input image is empty.", hint="Send the bytes of one image.")
    if len(image) > max_bytes:
        raise too_large(max_bytes)
    return Taken(request, image)


def _split(body: bytes, json_length: str | None) -> tuple[bytes, memoryview]:
    """Return the JSON and the binary data after it."""
    if json_length is None:
        return body, memoryview(b"")
    plain = json_length.isascii() and json_length.isdigit() and len(json_length) < 10
    length = int(json_length) if plain else -1
    if not 0 < length <= min(len(body), ENVELOPE_BYTES):
        raise BadParameter(
            f"{JSON_LENGTH_HEADER} is not the length of the JSON that the body begins with, or "
            f"above {ENVELOPE_BYTES}.",
            hint=_HINT,
        )
    return body[:length], memoryview(body)[length:]


def _image(given: Input, binary: memoryview) -> bytes:
    size = given.parameters.binary_data_size
    if (size is None) == (given.data is None):
        raise BadParameter(
            "The image must come either in data or, with binary_data_size, after the JSON.",
            hint=_HINT,
        )
    if len(binary) != (size or 0):
        raise BadParameter(
            "binary_data_size is not the number of bytes after the JSON.", hint=_HINT
        )
    if given.data is not None:
        return _decoded(given.data[0], base64_=given.parameters.content_type == "base64")
    if len(binary) < _LENGTH.size or _LENGTH.unpack_from(binary)[0] != len(binary) - _LENGTH.size:
        raise BadParameter(
            "The binary data is not one element: four bytes of length, then as many bytes.",
            hint=_HINT,
        )
    return bytes(binary[_LENGTH.size :])


def _decoded(text: str, *, base64_: bool) -> bytes:
    if not base64_:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadParameter("data is not base64.", hint=_HINT) from None
