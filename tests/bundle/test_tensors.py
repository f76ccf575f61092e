import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

from brainlens.bundle.tensors import MAX_BYTES, read_tensors, write_tensors
from brainlens.errors import BundleInvalid

TENSORS: dict[str, NDArray[Any]] = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([0.5, -2], np.float16),
    "empty": np.zeros((0, 4), np.float32),
}


def _file(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_the_library_reads_what_is_written() -> None:
    found = load(write_tensors(TENSORS))
    assert set(found) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        np.testing.assert_array_equal(found[name], tensor)


def test_what_the_library_writes_is_read() -> None:
    found = read_tensors(save(TENSORS, metadata={"made": "by the library"}))
    for name, tensor in TENSORS.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], tensor.astype(np.float32))


def test_writing_is_deterministic() -> None:
    assert write_tensors(TENSORS) == write_tensors(dict(reversed(TENSORS.items())))


@pytest.mark.parametrize(
    "tensor", [np.zeros(3), np.zeros(3, np.int64), np.array([np.nan], np.float32)]
)
def test_other_tensors_are_not_written(tensor: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="t is not all finite"):
        write_tensors({"t": tensor})


def test_statistics_stay_small() -> None:
    with pytest.raises(ValueError, match="exceed"):
        write_tensors({"t": np.zeros(MAX_BYTES // 4, np.float32)})


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        b"\xff" * 40,
        struct.pack("<Q", 1 << 62) + b"{}",
        b"\0" * (MAX_BYTES + 1),
        _file([1, 2]),
        _file("text"),
        _file({"t": 3}),
        _file({"t": {"dtype": "F32", "shape": [2]}}, bytes(8)),
        _file({"t": {**GOOD, "dtype": "I8"}}, bytes(8)),
        _file({"t": {**GOOD, "shape": [3]}}, bytes(8)),
        _file({"t": {**GOOD, "shape": [-2]}}, bytes(8)),
        _file({"t": {**GOOD, "shape": ["2"]}}, bytes(8)),
        _file({"t": {**GOOD, "data_offsets": [8, 0]}}, bytes(8)),
        _file({"t": {**GOOD, "data_offsets": [4, 12]}}, bytes(8)),
        _file({"t": GOOD}, bytes(12)),
        _file({"t": GOOD}, struct.pack("<ff", 1, float("inf"))),
    ],
)
def test_damaged_files_are_refused(data: bytes) -> None:
    with pytest.raises(BundleInvalid, match="Fit the gates again"):
        read_tensors(data)


@given(st.data())
def test_no_damage_ends_in_another_error(data: st.DataObject) -> None:
    file = bytearray(write_tensors(TENSORS))
    for _ in range(data.draw(st.integers(1, 3))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    del file[data.draw(st.integers(0, len(file))) :]
    try:
        read_tensors(bytes(file))
    except BundleInvalid:
        return
