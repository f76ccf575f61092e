"""Tensors in the safetensors format, read and written without the library.

Only the base installation reads ``gate.safetensors``, and the format is a header of JSON before
plain numbers: eight bytes of length (little-endian), the header, the data. Nothing is executed.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.errors import BundleInvalid

MAX_BYTES: Final = 1 << 20
"""Largest file of gate statistics: what needs more would begin to hold images."""

_LENGTH: Final = struct.Struct("<Q")
_TYPES: Final[dict[str, np.dtype[Any]]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
_NAMES: Final = {dtype: name for name, dtype in _TYPES.items()}
_METADATA: Final = "__metadata__"
_AGAIN: Final = "Fit the gates again."


def write_tensors(tensors: Mapping[str, NDArray[np.floating]]) -> bytes:
    """Return the file of finite float32 or float16 tensors, named in alphabetical order.

    Raises
    ------
    ValueError
        If a tensor has another type or is not finite, or the file would exceed `MAX_BYTES`.
    """
    header: dict[str, Any] = {}
    data = bytearray()
    for name in sorted(tensors):
        tensor = np.asarray(tensors[name])
        if tensor.dtype not in _NAMES or not np.isfinite(tensor).all():
            raise ValueError(f"{name} is not all finite float32 or float16")
        start = len(data)
        data += np.ascontiguousarray(tensor).astype(tensor.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, len(data)],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    # The format asks for data that begins at a multiple of eight bytes.
    text += b" " * (-len(text) % 8)
    file = _LENGTH.pack(len(text)) + text + bytes(data)
    if len(file) > MAX_BYTES:
        raise ValueError(f"{len(file)} bytes exceed the {MAX_BYTES} of gate statistics")
    return file


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of a file, as float32.

    Raises
    ------
    BundleInvalid
        If the file is no safetensors file of finite float32 and float16 tensors, or too large.
    """
    if not _LENGTH.size <= len(data) <= MAX_BYTES:
        raise BundleInvalid("The gates' statistics have no possible size.", hint=_AGAIN)
    (length,) = _LENGTH.unpack_from(data)
    body = data[_LENGTH.size + length :]
    try:
        if length > len(data) - _LENGTH.size:
            raise ValueError("its header is cut short")
        header = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        header.pop(_METADATA, None)
        tensors = {str(name): _tensor(entry, body) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BundleInvalid(f"The gates' statistics are damaged: {error}.", hint=_AGAIN) from error
    if sum(entry["data_offsets"][1] - entry["data_offsets"][0] for entry in header.values()) != len(
        body
    ):
        raise BundleInvalid("The gates' statistics hold more than their tensors.", hint=_AGAIN)
    return tensors


def _tensor(entry: Mapping[str, Any], body: bytes) -> NDArray[np.float32]:
    dtype = _TYPES[entry["dtype"]]
    start, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if any(type(number) is not int or number < 0 for number in (start, end, *shape)):
        raise ValueError("a size is no natural number")
    if end > len(body) or end - start != dtype.itemsize * math.prod(shape):
        raise ValueError("a tensor's place does not fit its shape")
    stored: NDArray[Any] = np.frombuffer(body[start:end], dtype)
    tensor: NDArray[np.float32] = stored.reshape(shape).astype(np.float32)
    if not np.isfinite(tensor).all():
        raise ValueError("a number is not finite")
    return tensor
