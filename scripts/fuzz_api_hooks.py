"""What schemathesis must know of this service beyond its document; see fuzz_api.py."""

import io
import json
import random
import struct
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def _picture(mode: str, side: int, form: str, seed: int) -> bytes:
    noise = random.Random(seed).randbytes(side * side * len(mode))  # noqa: S311 - only a picture
    buffer = io.BytesIO()
    Image.frombytes(mode, (side, side), noise).save(buffer, form)
    return buffer.getvalue()


_IMAGES = [
    _picture("L", 64, "PNG", 1),
    _picture("RGB", 48, "PNG", 2),
    _picture("L", 96, "JPEG", 3),
    _picture("L", 33, "TIFF", 4),
    _picture("L", 40, "BMP", 5),
]


_INFER = b'{"inputs"'
_INFER_END = b"}]}"
_LENGTH = "Inference-Header-Content-Length"


def _infer_body(image: bytes) -> bytes:
    """Return a request of the Open Inference Protocol in its binary form."""
    blob = struct.pack("<I", len(image)) + image
    given = {
        "name": "image",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(blob)},
    }
    return json.dumps({"inputs": [given]}).encode() + blob


_good = st.sampled_from(_IMAGES)
# A document can say that bytes are wanted, not that they must be an image: bodies are images, cut
# and changed ones, and noise.
_damaged = st.builds(
    lambda image, place, put: image[: place % len(image)] + put + image[place % len(image) :],
    _good,
    st.integers(0, 10_000),
    st.binary(max_size=8),
)
_cut = st.builds(lambda image, end: image[: end % len(image)], _good, st.integers(1, 10_000))
_bodies = _good | _damaged | _cut | st.binary(max_size=64) | _good.map(_infer_body)

for _type in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(_type, _bodies)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let each request come from an address of its own, and most with one key alone.

    Among them are many without a valid key, after ten of which an address has to wait: a run would
    see little else. The service is told to believe the address. For the same reason most lose the
    token that was made up beside the key.
    """
    case.headers = case.headers or {}
    if isinstance(case.body, bytes) and case.body.startswith(_INFER):
        case.headers[_LENGTH] = str(case.body.find(_INFER_END) + len(_INFER_END))
    elif random.random() < 0.5:  # noqa: S311 - as below
        case.headers.pop(_LENGTH, None)
    if "X-API-Key" in case.headers and random.random() < 0.75:  # noqa: S311 - as below
        case.headers.pop("Authorization", None)
    address = random.randrange(1, 2**32 - 1)  # noqa: S311 - nothing depends on it
    case.headers["X-Forwarded-For"] = ".".join(str(b) for b in address.to_bytes(4, "big"))
