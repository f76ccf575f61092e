import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainlens.datasets import open_dataset
from brainlens.datasets.cheng import CHENG_DEEP_INFO, ChengFacts
from brainlens.datasets.croissant import croissant_path
from brainlens.datasets.fetch.cheng import Expected, fetch_cheng
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import (
    BrainLensError,
    DataError,
    ServiceUnavailable,
    StorageError,
    UsageError,
)
from brainlens.imaging import read

from ...cheng_originals import (
    EXPECTED,
    FIRST,
    LISTING,
    SLICES,
    Originals,
    archive,
    folds_file,
    image_of,
    mask_of,
    matlab_slice,
    members,
    originals,
)
from ...file_server import FileServer

FIRST_ZIP, SECOND_ZIP = "storage/first_1-3.zip", "storage/second_4-6.zip"


def fetch(
    server: FileServer,
    out: Path,
    patience: Patience,
    *,
    expect: Expected = EXPECTED,
    keep_archives: bool = False,
    stage: Stage = silent,
) -> Manifest:
    return fetch_cheng(
        out,
        mirror=server.url,
        expect=expect,
        patience=patience,
        keep_archives=keep_archives,
        stage=stage,
    )


@pytest.fixture
def figshare(server: FileServer) -> FileServer:
    originals().put_on(server)
    return server


def test_the_set_is_fetched_converted_and_described(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    out = tmp_path / "cheng"
    manifest = fetch(figshare, out, patience)
    assert manifest == open_dataset(out)
    assert manifest.info == CHENG_DEEP_INFO
    assert "without scaling" in manifest.info.changes
    assert [(r.path.stem, r.patient, r.fold) for r in manifest.rows] == [
        (str(i), pid, fold) for i, (_, pid, fold) in enumerate(SLICES, start=1)
    ]
    third = manifest.rows[2]
    assert (third.label, third.group, third.split) == ("glioma", "MR1", "")
    assert third.path == out.resolve() / "images" / "glioma" / "3.png"
    assert third.mask == out.resolve() / "masks" / "3.png"
    assert third.sha256
    assert third.pixel_sha256
    np.testing.assert_array_equal(read(third.path).pixels, image_of(3))
    assert sorted(p.name for p in out.iterdir()) == [
        "dataset.json", "images", "manifest.croissant.json", "manifest.csv", "masks", "slices.csv",
    ]  # fmt: skip
    assert croissant_path(out / "manifest.csv").is_file()
    table = (out / "slices.csv").read_text().splitlines()
    assert table[0].startswith("slice,label,pid,base_pid,fold,")
    assert table[2] == "2,2,MR1A,MR1,1,40,30,-3,11636,60"


def test_a_second_run_asks_nobody(figshare: FileServer, patience: Patience, tmp_path: Path) -> None:
    first = fetch(figshare, tmp_path, patience)
    figshare.requests.clear()
    assert fetch(figshare, tmp_path, patience) == first
    assert figshare.requests == []


def test_archives_can_be_kept(figshare: FileServer, patience: Patience, tmp_path: Path) -> None:
    fetch(figshare, tmp_path, patience, keep_archives=True)
    kept = {p.name for p in (tmp_path / "archives").iterdir()}
    assert {"first_1-3.zip", "second_4-6.zip", "cvind.mat"} <= kept


def test_files_of_the_user_among_the_archives_stay(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "notes.txt").write_text("mine")
    # Downloaded in a browser, so it is not asked for again.
    (tmp_path / "archives" / "first_1-3.zip").write_bytes(figshare.files[FIRST_ZIP])
    fetch(figshare, tmp_path, patience)
    assert FIRST_ZIP not in figshare.paths()
    assert [p.name for p in (tmp_path / "archives").iterdir()] == ["notes.txt"]


def test_a_run_that_was_cut_short_is_gone_on_with(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    figshare.always[SECOND_ZIP] = "break"
    hasty = replace(patience, retries=0)
    with pytest.raises(ServiceUnavailable, match="goes on from where it stopped"):
        fetch(figshare, tmp_path, hasty)
    assert not (tmp_path / "manifest.csv").exists()
    before = (tmp_path / "images" / "glioma" / "3.png").stat().st_mtime_ns
    figshare.always.clear()
    figshare.requests.clear()
    assert len(fetch(figshare, tmp_path, patience)) == 6
    # The first archive was neither fetched nor converted again, the second gone on with.
    assert FIRST_ZIP not in figshare.paths()
    assert (tmp_path / "images" / "glioma" / "3.png").stat().st_mtime_ns == before
    (asked,) = [wanted for path, wanted in figshare.requests if path == SECOND_ZIP]
    assert asked.startswith("bytes=")


class Killed(BaseException):
    """What stops everything, as a kill does."""


def test_a_kill_while_converting_leaves_what_the_next_run_mends(
    figshare: FileServer, patience: Patience, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brainlens.datasets.fetch import convert

    written: list[Path] = []

    def write_then_die(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[: len(data) // 2])
        written.append(path)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(convert, "write_bytes", write_then_die)
        with pytest.raises(Killed):
            fetch(figshare, tmp_path, patience)
    assert written
    manifest = fetch(figshare, tmp_path, patience)
    np.testing.assert_array_equal(read(manifest.rows[0].path).pixels, image_of(1))


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        (
            replace(EXPECTED, facts=replace(EXPECTED.facts, patients=7)),
            "patients 6, expected 7",
        ),
        (
            replace(EXPECTED, facts=replace(EXPECTED.facts, slices_by_class={"glioma": 3064})),
            "slices by class .*3064",
        ),
        (
            replace(
                EXPECTED,
                lesions={"glioma": replace(EXPECTED.lesions["glioma"], total=31.4)},
            ),
            r"mask area of glioma \(total\) 0\.1, expected 31\.4",
        ),
        (Expected(), r"mask area of .*expected"),
    ],
)
def test_what_is_not_the_set_is_refused_saying_which_fact_differs(
    figshare: FileServer, patience: Patience, tmp_path: Path, expect: Expected, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        fetch(figshare, tmp_path, patience, expect=expect)
    assert not (tmp_path / "manifest.csv").exists()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"cvind.mat": folds_file([1, 2])}, "2 folds for 6 slices"),
        ({"second_4-6.zip": archive(members(FIRST))}, "not numbered from 1 without gaps"),
        (
            {"second_4-6.zip": archive({"4.mat": matlab_slice(image_of(1), mask_of(), 9)})},
            "the label is 9",
        ),
        ({"cvind.mat": b"nothing"}, "not a MATLAB"),
        ({"cvind.mat": None}, "has no cvind.mat"),
        ({"first_1-3.zip": None, "second_4-6.zip": None}, "has no zip archive"),
    ],
)
def test_other_files_than_the_originals_are_refused(
    server: FileServer,
    patience: Patience,
    tmp_path: Path,
    files: dict[str, bytes | None],
    says: str,
) -> None:
    changed = {**originals().files, **files}
    Originals({name: c for name, c in changed.items() if c is not None}).put_on(server)
    with pytest.raises(DataError, match=says):
        fetch(server, tmp_path, patience)


def test_a_folder_that_is_no_longer_whole_is_said_and_mended(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    manifest = fetch(figshare, tmp_path, patience)
    manifest.rows[3].path.unlink()
    with pytest.raises(DataError, match=r"changed since.*4\.png.*Remove .*manifest\.csv"):
        fetch(figshare, tmp_path, patience)
    (tmp_path / "manifest.csv").unlink()
    croissant_path(tmp_path / "manifest.csv").unlink()
    assert fetch(figshare, tmp_path, patience).rows == manifest.rows


def test_folders_of_others_are_left_alone(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UsageError, match="is a file"):
        fetch(figshare, file, patience)
    with pytest.raises(UsageError, match="holds other files: file"):
        fetch(figshare, tmp_path, patience)
    other = tmp_path / "other"
    fetch(figshare, other, patience)
    (other / "dataset.json").write_text('{"title": "mine"}')
    with pytest.raises(UsageError, match="another data set"):
        fetch(figshare, other, patience)
    (other / "dataset.json").unlink()


def test_a_full_disk_is_said_before_anything_is_fetched(
    figshare: FileServer, patience: Patience, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match=r"GiB are needed at .*new/cheng"):
        fetch(figshare, tmp_path / "new" / "cheng", patience)
    assert figshare.paths() == [LISTING]


def test_every_error_is_one_of_ours(server: FileServer, patience: Patience, tmp_path: Path) -> None:
    server.files[LISTING] = os.urandom(100)
    with pytest.raises(BrainLensError):
        fetch(server, tmp_path, patience)


def test_facts_of_the_real_set_are_the_default() -> None:
    assert Expected().facts.patients == 233
    assert isinstance(Expected().facts, ChengFacts)
    assert set(Expected().lesions) == {"glioma", "meningioma", "pituitary"}


@pytest.mark.system
def test_a_process_that_is_killed_is_gone_on_with(
    figshare: FileServer, patience: Patience, tmp_path: Path
) -> None:
    figshare.faults[SECOND_ZIP] += ["stall"]
    code = "import sys; from pathlib import Path; from brainlens.datasets.fetch.cheng import *; "
    code += "fetch_cheng(Path(sys.argv[1]), mirror=sys.argv[2])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), figshare.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    part = tmp_path / "archives" / "second_4-6.zip.part"
    half = len(figshare.files[SECOND_ZIP]) // 2
    deadline = time.monotonic() + 60
    while not part.exists() or part.stat().st_size < half:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    figshare.requests.clear()
    assert len(fetch(figshare, tmp_path, patience)) == 6
    assert (SECOND_ZIP, f"bytes={half}-") in figshare.requests
    assert FIRST_ZIP not in figshare.paths()
