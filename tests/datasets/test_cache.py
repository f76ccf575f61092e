import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainlens.datasets import array_store
from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UnreadableImage
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.read import read
from brainlens.imaging.spec import PreprocessSpec

MakeImage = Callable[..., Path]
SPEC = PreprocessSpec(size=32)


def manifest_of(*paths: Path) -> Manifest:
    return Manifest(paths[0].parent, tuple(Row(path, "a") for path in paths))


class Counted:
    """A progress callback that remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.calls.append((done, total))


def test_what_is_cached_is_what_preprocess_gives(tmp_path: Path, make_image: MakeImage) -> None:
    paths = [make_image(f"{i}.png", i, size=40 + i) for i in range(5)]
    manifest = manifest_of(*paths)
    cache = Cache.build(manifest, SPEC, tmp_path / "cache")
    assert cache.images.dtype == np.uint8
    assert isinstance(cache.images, np.memmap)
    for row in manifest.rows:
        np.testing.assert_array_equal(
            cache.images[cache.index(row)], quantise(read(row.path), SPEC)
        )
    np.testing.assert_array_equal(
        cache.indices(manifest.rows), [cache.index(row) for row in manifest.rows]
    )
    with pytest.raises(ValueError, match="read-only"):
        cache.images[0, 0, 0] = 1


def test_a_second_build_decodes_nothing(tmp_path: Path, make_image: MakeImage) -> None:
    manifest = manifest_of(*(make_image(f"{i}.png", i) for i in range(4)))
    first, second = Counted(), Counted()
    Cache.build(manifest, SPEC, tmp_path / "cache", first)
    assert first.calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    again = Cache.build(
        manifest.with_rows(reversed(manifest.rows)), SPEC, tmp_path / "cache", second
    )
    assert second.calls == []
    np.testing.assert_array_equal(
        again.images[again.index(manifest.rows[2])], quantise(read(manifest.rows[2].path), SPEC)
    )


def test_copies_share_an_entry(tmp_path: Path, make_image: MakeImage) -> None:
    manifest = manifest_of(make_image("1.png", 1), make_image("2.png", 1), make_image("3.png", 2))
    cache = Cache.build(manifest, SPEC, tmp_path / "cache")
    assert cache.images.shape == (2, 32, 32)
    assert cache.index(manifest.rows[0]) == cache.index(manifest.rows[1])


def test_only_changed_and_new_files_are_decoded(tmp_path: Path, make_image: MakeImage) -> None:
    manifest = manifest_of(*(make_image(f"{i}.png", i) for i in range(4)))
    Cache.build(manifest, SPEC, tmp_path / "cache")
    make_image("1.png", 77)
    grown = manifest.with_rows((*manifest.rows, Row(make_image("new.png", 9), "a")))
    counted = Counted()
    cache = Cache.build(grown, SPEC, tmp_path / "cache", counted)
    assert counted.calls == [(1, 2), (2, 2)]
    for row in grown.rows:
        np.testing.assert_array_equal(
            cache.images[cache.index(row)], quantise(read(row.path), SPEC)
        )


def test_a_specification_that_changes_the_pixels_is_decoded_afresh(
    tmp_path: Path, make_image: MakeImage
) -> None:
    manifest = manifest_of(make_image("1.png", 1))
    Cache.build(manifest, SPEC, tmp_path / "cache")
    counted = Counted()
    other = PreprocessSpec(size=32, intensity="full_range")
    cache = Cache.build(manifest, other, tmp_path / "cache", counted)
    assert counted.calls == [(1, 1)]
    row = manifest.rows[0]
    np.testing.assert_array_equal(cache.images[cache.index(row)], quantise(read(row.path), other))
    only_standardised = PreprocessSpec(size=32, mean=0.5, std=0.25)
    Cache.build(manifest, only_standardised, tmp_path / "cache", counted)
    assert counted.calls == [(1, 1)]


@pytest.mark.parametrize("damage", ["images.npy", "content.json", "short", "shape", "other"])
def test_a_damaged_store_is_built_again(tmp_path: Path, make_image: MakeImage, damage: str) -> None:
    manifest = manifest_of(make_image("1.png", 1), make_image("2.png", 2))
    first = Cache.build(manifest, SPEC, tmp_path / "cache")
    expected = np.array(first.images)
    del first
    (images,) = (tmp_path / "cache").rglob("images.npy")
    if damage == "short":
        images.write_bytes(images.read_bytes()[:-100])
    elif damage == "shape":
        np.save(images, np.zeros((3, 32, 32), np.uint8))
    elif damage == "other":
        content = images.with_name("content.json")
        content.write_text(json.dumps(["0" * 64, "1" * 64]), encoding="utf-8")
    else:
        images.with_name(damage).unlink()
    counted = Counted()
    cache = Cache.build(manifest, SPEC, tmp_path / "cache", counted)
    assert counted.calls[-1] == (2, 2)
    np.testing.assert_array_equal(cache.images, expected)


def test_parts_that_were_done_are_taken_over_and_then_removed(
    tmp_path: Path, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_store, "_PART_ENTRIES", 2)
    manifest = manifest_of(*(make_image(f"{i}.png", i) for i in range(6)))

    class Interruption(BaseException):
        pass

    def interrupt(done: int, total: int) -> None:
        if done == 5:
            raise Interruption

    with pytest.raises(Interruption):
        Cache.build(manifest, SPEC, tmp_path / "cache", interrupt)
    counted = Counted()
    cache = Cache.build(manifest, SPEC, tmp_path / "cache", counted)
    assert counted.calls == [(1, 2), (2, 2)]
    assert len(list((tmp_path / "cache").rglob("images.npy"))) == 1
    for row in manifest.rows:
        np.testing.assert_array_equal(
            cache.images[cache.index(row)], quantise(read(row.path), SPEC)
        )


def test_parts_of_another_set_are_left_alone(
    tmp_path: Path, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_store, "_PART_ENTRIES", 1)
    first, second = make_image("1.png", 1), make_image("2.png", 2)

    class Interruption(BaseException):
        pass

    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise Interruption

    with pytest.raises(Interruption):
        Cache.build(manifest_of(first, second), SPEC, tmp_path / "cache", interrupt)
    Cache.build(manifest_of(make_image("3.png", 3)), SPEC, tmp_path / "cache")
    counted = Counted()
    Cache.build(manifest_of(first, second), SPEC, tmp_path / "cache", counted)
    assert counted.calls == [(1, 1)]


def test_a_file_that_cannot_be_decoded_is_named(tmp_path: Path, make_image: MakeImage) -> None:
    bad = make_image("bad.png")
    bad.write_bytes(bad.read_bytes()[:100])
    with pytest.raises(UnreadableImage, match=r"bad\.png: "):
        Cache.build(manifest_of(make_image("1.png"), bad), SPEC, tmp_path / "cache")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png cannot be opened"):
        Cache.build(manifest_of(tmp_path / "gone.png"), SPEC, tmp_path / "cache")


def test_no_slices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no slices"):
        Cache.build(Manifest(tmp_path, ()), SPEC, tmp_path / "cache")


BUILD = """
import sys
from pathlib import Path
from brainlens.datasets import array_store, cache, open_dataset
from brainlens.imaging.spec import PreprocessSpec
array_store._PART_ENTRIES = 20
def say(done, total):
    print(done, flush=True)
cache.Cache.build(
    open_dataset(Path(sys.argv[1])), PreprocessSpec(size=32), Path(sys.argv[2]), say
)
"""


@pytest.mark.system
@pytest.mark.parametrize("kill_after", [1, 19, 20, 21, 75, 199, 200])
def test_a_killed_build_is_never_taken_for_a_whole_one(
    tmp_path: Path, make_image: MakeImage, kill_after: int
) -> None:
    for i in range(200):
        make_image(f"data/{i % 2}/{i}.png", i)
    command = [sys.executable, "-c", BUILD, str(tmp_path / "data"), str(tmp_path / "cache")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= kill_after:
            break
    time.sleep(0.001 * (kill_after % 7))
    process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    process.wait()
    process.stdout.close()
    from brainlens.datasets import open_dataset

    manifest = open_dataset(tmp_path / "data")
    cache = Cache.build(manifest, SPEC, tmp_path / "cache")
    assert len(cache.images) == 200
    for row in manifest.rows:
        np.testing.assert_array_equal(
            cache.images[cache.index(row)], quantise(read(row.path), SPEC)
        )
