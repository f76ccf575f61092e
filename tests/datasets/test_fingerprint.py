from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.datasets.fingerprint import data_sha256, with_hashes
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError
from brainlens.files import sha256_file

MakeImage = Callable[..., Path]


def test_bytes_and_pixels_are_hashed_apart(tmp_path: Path, make_image: MakeImage) -> None:
    paths = [
        make_image("1.png", seed=1),
        make_image("2.png", seed=1, compression=0),
        make_image("3.png", seed=2),
    ]
    first, recoded, other = with_hashes(Manifest(tmp_path, tuple(map(Row, paths)))).rows
    assert [r.sha256 for r in (first, recoded, other)] == [sha256_file(p) for p in paths]
    assert first.sha256 != recoded.sha256
    assert first.pixel_sha256 == recoded.pixel_sha256 != other.pixel_sha256


def test_hashes_at_hand_are_kept_and_only_the_others_counted(
    tmp_path: Path, make_image: MakeImage
) -> None:
    rows = (
        Row(tmp_path / "gone.png", sha256="a", pixel_sha256="b"),
        Row(make_image("1.png"), sha256="a"),
    )
    calls: list[tuple[int, int]] = []
    kept, filled = with_hashes(
        Manifest(tmp_path, rows), lambda done, total: calls.append((done, total))
    ).rows
    assert kept == rows[0]
    assert filled.sha256 == "a"
    assert len(filled.pixel_sha256) == 64
    assert calls == [(1, 1)]


def test_all_unreadable_images_are_counted_and_the_first_named(
    tmp_path: Path, make_image: MakeImage
) -> None:
    rows = [Row(make_image("good.png"))]
    for i in range(6):
        path = make_image(f"bad{i}.png")
        path.write_bytes(path.read_bytes()[:60])
        rows.append(Row(path))
    rows.append(Row(tmp_path / "gone.png"))
    with pytest.raises(DataError, match=r"7 of 8 images .*bad0\.png \(.+\).*bad4\.png.*, …\.") as e:
        with_hashes(Manifest(tmp_path, tuple(rows)))
    assert "bad5" not in str(e.value)
    with pytest.raises(DataError, match=r"1 of 1 images .*gone\.png \(No such file"):
        with_hashes(Manifest(tmp_path, (rows[-1],)))


def test_the_fingerprint_depends_on_pixels_alone(tmp_path: Path, make_image: MakeImage) -> None:
    def fingerprint(*paths: Path) -> str:
        return data_sha256(with_hashes(Manifest(tmp_path, tuple(map(Row, paths)))))

    a, b = make_image("a.png", 1), make_image("b.png", 2)
    assert fingerprint(a, b) == fingerprint(make_image("z/b.png", 2, compression=1), a)
    assert fingerprint(a, b) != fingerprint(a)
    assert fingerprint(a, a) != fingerprint(a)


def test_the_fingerprint_needs_hashes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pixel hash"):
        data_sha256(Manifest(tmp_path, (Row(tmp_path / "a"),)))
