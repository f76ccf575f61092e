"""Files that mean harm end in a slice or a typed error, and fill no memory.

What fuzzing found is in ``hostile/``: each file made the reader do something that none before it
had (see ``fuzz/image_boundary.py``).
"""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from tests.imaging.hostile_files import flipped, hostile, sound, truncated

from brainlens.errors import ImageError
from brainlens.imaging import Limits, PreprocessSpec, Slice, preprocess, read

ROOT = Path(__file__).parents[2]
FOUND = sorted((Path(__file__).parent / "hostile").iterdir())
HOSTILE = hostile()
SOUND = sound()
LARGER = sound(128, 160)
SPEC = PreprocessSpec()
HARMLESS = {
    "png: pixels without end": "what is beyond the last row is left alone",
    "tiff: strip that swells": "what is beyond the last row is left alone",
    "png: two thousand million frames": "the first is read",
    "gif: many frames": "the first is read",
    "tiff: pages in a ring": "the first is read",
    "tiff: many pages": "the first is read",
    "webp: many frames": "the first is read",
    "jpeg: many notes": "they are passed over",
    "tiff: 1 x 8 bits of kind 6": "one channel is grey",
    "png and zip": "a picture with something behind it",
    "jpeg and pdf": "a picture with a note",
}
MEMORY = 64 * 1024
"""KiB that a hostile file may take: those that swell would take more."""


def looked_at(data: bytes, limits: Limits | None = None) -> Slice:
    """Read a file and prepare it for the network; whatever comes out has to be sound."""
    slice_ = read(data) if limits is None else read(data, limits)
    assert slice_.pixels.ndim == 2
    assert slice_.pixels.size > 0
    assert np.isfinite(slice_.pixels).all()
    made = preprocess(slice_, SPEC)
    assert made.shape == (1, SPEC.size, SPEC.size)
    assert np.isfinite(made).all()
    return slice_


def test_sound_files_are_read() -> None:
    for name, data in SOUND.items():
        slice_ = looked_at(data)
        assert (slice_.height, slice_.width) == (40, 56), name


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_or_harmless(name: str) -> None:
    if name in HARMLESS:
        assert looked_at(HOSTILE[name]).pixels.size <= 40 * 56
        return
    with pytest.raises(ImageError) as caught:
        looked_at(HOSTILE[name])
    assert caught.value.hint


@pytest.mark.parametrize("kind", SOUND)
def test_a_file_cut_short_anywhere_is_a_slice_or_a_typed_error(kind: str) -> None:
    data = LARGER[kind]
    assert len(data) > 1024
    refused = 0
    for part in truncated(data):
        try:
            slice_ = looked_at(part)
        except ImageError:
            refused += 1
        else:
            assert (slice_.height, slice_.width) == (128, 160)
    assert refused


@pytest.mark.parametrize("kind", SOUND)
def test_a_file_with_flipped_bits_is_a_slice_or_a_typed_error(kind: str) -> None:
    for damaged in flipped(SOUND[kind], n=40, seed=len(kind)):
        with suppress(ImageError):
            looked_at(damaged, Limits(max_pixels=1_000_000))


def test_what_fuzzing_found_is_a_slice_or_a_typed_error() -> None:
    read_ = 0
    for path in FOUND:
        with suppress(ImageError):
            looked_at(path.read_bytes())
            read_ += 1
    assert 0 < read_ < len(FOUND)
    assert len(FOUND) > 100


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked for the highest mark")
def test_no_hostile_file_fills_the_memory() -> None:
    files = {**HOSTILE, **{path.name: path.read_bytes() for path in FOUND}}
    for name, data in files.items():
        before = _forget_highest()
        with suppress(ImageError):
            looked_at(data, Limits(max_pixels=1_000_000))
        assert _highest() - before < MEMORY, name


def _forget_highest() -> int:
    """Set the mark of the highest memory to what is in use, and return it (KiB)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as error:
        pytest.skip(f"the kernel does not let go of the highest mark: {error}")
    return _highest()


def _highest() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def test_a_short_run_of_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="the fuzzer is not installed")
    found = tmp_path / "found"
    found.mkdir()
    options = ("-runs=1500", "-seed=1", "-max_len=16384", "-rss_limit_mb=1024", "-timeout=300")
    where = (f"-artifact_prefix={found}/", found, "tests/imaging/hostile")
    # The kernel gives a started program the highest memory of the one that started it, here of all
    # tests before, and libFuzzer would take it for its own. A shell in between is small.
    small = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
    done = subprocess.run(
        [*small, sys.executable, "fuzz/image_boundary.py", *options, *where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Done 1500 runs" in done.stderr
