from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.errors import DataError
from brainlens.probe.folder import ImageFile, find_images, truth_of


def test_order_is_by_name_files_before_folders(
    images: Path, slice_png: Callable[..., bytes]
) -> None:
    (images / "z.png").write_bytes(slice_png(0))

    names = [image.name for image in find_images(images).images]

    assert names == [
        "z.png",
        "alpha/0.png",
        "alpha/1.png",
        "folder_beta/0.png",
        "folder_beta/1.png",
        "gamma/patient/0.png",
        "gamma/patient/1.png",
    ]


def test_images_are_known_by_content_and_damaged_ones_by_name(
    tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    (tmp_path / "no-extension").write_bytes(slice_png(0))
    (tmp_path / "damaged.JPG").write_bytes(b"\x00\x00")
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / ".hidden.png").write_bytes(slice_png(0))
    (tmp_path / ".folder").mkdir()
    (tmp_path / ".folder" / "x.png").write_bytes(slice_png(0))

    found = find_images(tmp_path)

    assert [image.name for image in found.images] == ["damaged.JPG", "no-extension"]
    assert found.passed_over == 1


def test_links_in_a_circle_end(images: Path) -> None:
    try:
        (images / "alpha" / "again").symlink_to(images, target_is_directory=True)
        (images / "zeta").symlink_to(images / "alpha", target_is_directory=True)
        (images / "dangling.png").symlink_to(images / "nowhere.png")
    except OSError:
        pytest.skip("links cannot be made here")

    assert len(find_images(images).images) == 6


def test_folder_that_cannot_be_read_is_said(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(DataError, match="Permission denied"):
        find_images(images)


def test_file_without_image_name_that_cannot_be_read_is_passed_over(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (images / "locked").write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise PermissionError

    # Images that are known by their names are not opened at all.
    monkeypatch.setattr(Path, "open", refuse)

    found = find_images(images)

    assert len(found.images) == 6
    assert found.passed_over == 1


def test_nothing_to_send_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image"):
        find_images(tmp_path)
    with pytest.raises(DataError, match="not a folder"):
        find_images(tmp_path / "none")


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("alpha", "test", "root"), ("alpha", None)),
        (("patient", "alpha", "root"), ("alpha", None)),
        (("alpha",), ("alpha", None)),
        (("root",), (None, None)),
        (("other", "root"), (None, "other")),
    ],
)
def test_truth_is_the_nearest_folder_that_means_a_class(
    folders: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    image = ImageFile(Path("x.png"), "x.png", folders)

    assert truth_of(image, {"alpha": "alpha"}.get) == expected
