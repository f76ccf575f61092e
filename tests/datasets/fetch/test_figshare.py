import hashlib
import json
from typing import Any

import pytest

from brainlens.datasets.fetch.figshare import list_files
from brainlens.datasets.fetch.patience import Patience
from brainlens.datasets.fetch.server import Server
from brainlens.errors import ServiceUnavailable

from ...cheng_originals import LISTING, originals
from ...file_server import FileServer


def test_the_listing_tells_name_place_size_and_hash(server: FileServer, patience: Patience) -> None:
    originals().put_on(server)
    with Server(server.url, patience) as remote:
        files = list_files(remote, 1512427, 5)
    assert [f.name for f in files] == list(originals().files)
    assert files[0].path == "file/download/1"
    assert files[3].size == len(b"read me")
    assert files[3].md5 == hashlib.md5(b"read me", usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b'{"files": []}',
        b'{"message": "not found"}',
        {"id": 1, "name": "a.zip", "size": -1},
        {"id": 1, "name": "a.zip", "size": 1, "computed_md5": "nonsense"},
    ],
)
def test_another_answer_is_no_listing(
    server: FileServer, patience: Patience, answer: bytes | dict[str, Any]
) -> None:
    if isinstance(answer, dict):
        answer = json.dumps({"files": [answer]}).encode()
    server.files[LISTING] = answer
    with (
        Server(server.url, patience) as remote,
        pytest.raises(ServiceUnavailable, match="not figshare's listing"),
    ):
        list_files(remote, 1512427, 5)


@pytest.mark.parametrize("name", ["../a.zip", "..", "a\\b.zip", "C:a.zip", "a\n.zip", "", ".a"])
def test_a_name_that_leads_elsewhere_is_refused(
    server: FileServer, patience: Patience, name: str
) -> None:
    server.files[LISTING] = json.dumps({"files": [{"id": 1, "name": name, "size": 1}]}).encode()
    with (
        Server(server.url, patience) as remote,
        pytest.raises(ServiceUnavailable, match="unsafe name"),
    ):
        list_files(remote, 1512427, 5)
