from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from brainlens.datasets.cheng import CHENG_DEEP_INFO, ChengFacts
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.sample import SAMPLE, SAMPLE_FACTS, fetch_sample
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.errors import DataError, ServiceUnavailable, UsageError
from brainlens.imaging import read

from ...cheng_originals import Originals, archive, image_of, members, originals
from ...file_server import FileServer

WANTED = {1: "meningioma", 3: "glioma", 6: "pituitary"}
FACTS = ChengFacts({"meningioma": 1, "glioma": 1, "pituitary": 1}, {1: 2, 2: 1}, 3, 3)
FIRST_ZIP = "storage/first_1-3.zip"


def fetch(
    server: FileServer, out: Path, patience: Patience, wanted: dict[int, str] | None = None
) -> Manifest:
    return fetch_sample(
        out, mirror=server.url, wanted=wanted or WANTED, expect=FACTS, patience=patience
    )


@pytest.fixture
def figshare(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    # Small archives: read ahead little, so that what is not wanted stays where it is.
    monkeypatch.setattr("brainlens.datasets.fetch.remote_archive._READ_AHEAD", 512)
    files = dict(originals().files)
    padding = {"large.bin": np.random.default_rng(0).bytes(200_000)}
    files["first_1-3.zip"] = archive({**members(range(1, 4)), **padding})
    Originals(files).put_on(server)
    return server


def test_only_the_wanted_slices_travel(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    out = tmp_path / "sample"
    manifest = fetch(figshare, out, patience)
    assert manifest.info == CHENG_DEEP_INFO
    assert [(r.path.name, r.label, r.patient, r.fold) for r in manifest.rows] == [
        ("1.png", "meningioma", "100", 1),
        ("3.png", "glioma", "MR1B", 2),
        ("6.png", "pituitary", "103", 1),
    ]
    np.testing.assert_array_equal(read(manifest.rows[1].path).pixels, image_of(3))
    assert figshare.sent < 60_000
    names = sorted(p.name for p in out.iterdir())
    assert names == ["dataset.json", "images", "manifest.croissant.json", "manifest.csv", "masks",
                     "slices.csv"]  # fmt: skip
    figshare.requests.clear()
    assert fetch(figshare, out, patience) == manifest
    assert figshare.requests == []


def test_how_much_has_come_is_told(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []

    def transfer(name: str) -> AbstractContextManager[Progress]:
        return nullcontext(lambda done, total: told.append((done, total)))

    fetch_sample(
        tmp_path,
        mirror=figshare.url,
        wanted=WANTED,
        expect=FACTS,
        patience=patience,
        transfer=transfer,
    )
    assert all(done == total for done, total in told)
    assert sum(1 for a, b in pairwise(told) if b[0] < a[0]) == 1  # two archives


def test_a_connection_that_breaks_off_is_asked_again(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    figshare.faults[FIRST_ZIP] += ["break", "short"]
    assert len(fetch(figshare, tmp_path, patience)) == 3
    first, second, third = [wanted for path, wanted in figshare.requests if path == FIRST_ZIP][:3]
    assert first == second == third


@pytest.mark.parametrize("fault", ["whole", "elsewhere"])
def test_a_server_of_whole_files_leaves_nothing_and_says_what_works(
    figshare: FileServer, patience: Patience, tmp_path: Path, fault: str
) -> None:
    figshare.always[FIRST_ZIP] = fault  # type: ignore[assignment]  # one of its literals
    with pytest.raises(ServiceUnavailable, match=r"whole files only.*data fetch cheng"):
        fetch(figshare, tmp_path / "out", patience)
    assert list(tmp_path.iterdir()) == []


def test_a_file_too_small_for_an_archive(
    server: FileServer, patience: Patience, tmp_path: Path
) -> None:
    Originals({**originals().files, "first_1-3.zip": b"PK"}).put_on(server)
    with pytest.raises(DataError, match="not a sound zip"):
        fetch(server, tmp_path, patience)


def test_other_bytes_or_slices_than_wanted_are_refused(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"slices \[7\] are missing"):
        fetch(figshare, tmp_path, patience, {1: "meningioma", 7: "glioma"})
    with pytest.raises(DataError, match=r"slices \[1\] are missing or of another class"):
        fetch(figshare, tmp_path, patience, {1: "glioma"})
    with pytest.raises(DataError, match="expected"):
        fetch(figshare, tmp_path, patience, {1: "meningioma"})
    figshare.files[FIRST_ZIP] = bytes(len(figshare.files[FIRST_ZIP]))
    with pytest.raises(DataError, match="not a sound zip"):
        fetch(figshare, tmp_path, patience)


def test_a_folder_that_holds_files_is_left_alone(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UsageError, match="there already"):
        fetch(figshare, tmp_path, patience)


def test_the_sample_has_each_class_alike() -> None:
    assert SAMPLE_FACTS.slices_by_class == {
        label: list(SAMPLE.values()).count(label) for label in set(SAMPLE.values())
    }
    assert sum(SAMPLE_FACTS.slices_by_fold.values()) == len(SAMPLE) == SAMPLE_FACTS.patients
