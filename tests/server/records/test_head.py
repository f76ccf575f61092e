import json
from pathlib import Path

import pytest

from brainlens.errors import DataError, StorageError
from brainlens.server.records.chain import Link
from brainlens.server.records.head import Head, read_heads, write_heads

KEY = bytes(range(32))
HEAD = Head.of(KEY, Link("a" * 32, 17, "c" * 64), 1_700_000_000_000_000)


def test_a_head_comes_back_from_its_file(tmp_path: Path) -> None:
    other = Head.of(KEY, Link("b" * 32, 3, "d" * 64), 5)
    (tmp_path / "heads").write_text(write_heads([HEAD, other]))

    assert read_heads(tmp_path / "heads") == [HEAD, other]
    assert HEAD.is_signed(KEY)
    assert not HEAD.is_signed(bytes(32))


def test_the_log_of_a_service_will_do(tmp_path: Path) -> None:
    line = {"time": "2026-01-01", "level": "info", **HEAD.as_json()}
    lines = [
        "BrainLens answers at …",
        json.dumps({"event": "request", "note": "records_head"}),
        json.dumps(line),
        json.dumps(line)[:80],
        '["records_head"]',
        '{"event": "records_head", "writer": "w"}',
    ]
    (tmp_path / "log").write_text("\n".join(lines))

    assert read_heads(tmp_path / "log") == [HEAD]


def test_a_file_without_heads_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")

    with pytest.raises(DataError, match="no head"):
        read_heads(tmp_path / "empty")
    with pytest.raises(StorageError):
        read_heads(tmp_path)
