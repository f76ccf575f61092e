import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from brainlens.datasets.fetch.download import RemoteFile, download
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.server import Server
from brainlens.errors import ServiceUnavailable

from ...file_server import Fault, FileServer

CONTENT = bytes(range(256)) * 40
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
FILE = RemoteFile("data.zip", "data", len(CONTENT), MD5)


@pytest.fixture
def remote(server: FileServer, patience: Patience) -> Iterator[Server]:
    server.files["data"] = CONTENT
    with Server(server.url, patience) as opened:
        yield opened


def ranges(server: FileServer) -> list[str]:
    return [wanted for _, wanted in server.requests]


@pytest.mark.parametrize("fault", ["break", "stall", "short"])
def test_a_download_goes_on_where_it_broke_off(
    remote: Server, server: FileServer, tmp_path: Path, fault: Fault
) -> None:
    server.faults["data"] += [fault, fault]
    calls: list[tuple[int, int]] = []
    path = download(remote, FILE, tmp_path / "new", lambda *call: calls.append(call))
    assert path.read_bytes() == CONTENT
    half, rest = len(CONTENT) // 2, len(CONTENT) * 3 // 4
    assert ranges(server) == ["", f"bytes={half}-", f"bytes={rest}-"]
    assert server.sent == len(CONTENT)
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["data.zip"]


def test_what_each_try_brings_keeps_patience_up(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    server.faults["data"] += ["break"] * 5
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 6 > remote.patience.retries + 1


def test_another_part_than_asked_for_is_not_taken_for_wrong_bytes(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    server.faults["data"] += ["elsewhere", "wrong"]
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT


def test_a_later_call_goes_on_and_one_after_it_does_nothing(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    download(remote, FILE, tmp_path)
    download(remote, FILE, tmp_path)
    assert ranges(server) == ["bytes=1000-"]


def test_a_part_that_is_whole_already_is_only_checked(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT)
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("fault", ["whole", "elsewhere", "unsatisfiable"])
def test_a_server_that_cannot_go_on_sends_all_again(
    remote: Server, server: FileServer, tmp_path: Path, fault: Fault
) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    server.faults["data"] += [fault]
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["wrong", "long"])
def test_wrong_bytes_are_fetched_again_once(
    remote: Server, server: FileServer, tmp_path: Path, fault: Fault
) -> None:
    server.faults["data"] += [fault]
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT
    assert ranges(server) == ["", ""]


def test_wrong_bytes_twice_are_an_error_and_leave_nothing(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    server.always["data"] = "wrong"
    with pytest.raises(ServiceUnavailable, match=f"is not what .* states: MD5 .*, not {MD5}"):
        download(remote, FILE, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(server.requests) == 2


def test_a_part_that_was_damaged_on_the_disk_is_fetched_anew(
    remote: Server, tmp_path: Path
) -> None:
    (tmp_path / "data.zip.part").write_bytes(b"x" * 5000)
    assert download(remote, FILE, tmp_path).read_bytes() == CONTENT


def test_a_server_that_never_gets_further_is_left(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:6000])
    server.always["data"] = "missing"
    with pytest.raises(ServiceUnavailable, match="404"):
        download(remote, FILE, tmp_path)
    # What was held before is kept for the next call.
    assert (tmp_path / "data.zip.part").stat().st_size == 6000
    server.always["data"] = "busy"
    with pytest.raises(ServiceUnavailable, match="status 503, 3 times"):
        download(remote, FILE, tmp_path)


def test_without_a_stated_hash_the_size_is_checked(
    remote: Server, server: FileServer, tmp_path: Path
) -> None:
    server.faults["data"] += ["long"]
    path = download(remote, RemoteFile("data.zip", "data", len(CONTENT)), tmp_path)
    assert path.read_bytes() == CONTENT
    assert len(server.requests) == 2
