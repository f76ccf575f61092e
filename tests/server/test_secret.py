import threading
from pathlib import Path
from typing import get_args

import pytest

from brainlens.errors import StorageError, UsageError
from brainlens.server.secret import Purpose, Secret


def test_each_purpose_has_its_own_key() -> None:
    secret = Secret(bytes(32))
    keys = {secret.key(purpose) for purpose in get_args(Purpose)}

    assert len(keys) == len(get_args(Purpose))
    assert {len(key) for key in keys} == {32}
    assert Secret(bytes(31) + b"1").key("keys") not in keys


def test_a_key_does_not_change_between_versions() -> None:
    # Computed with openssl: printf 'brainlens/1/keys\1' | openssl dgst -sha256 -mac HMAC …
    assert (
        Secret(bytes(range(32))).key("keys").hex()
        == "3b67ab3086e7065c8fad14bd215e9fb64fd8962cd90cebf5c69d8b5363b0b71f"
    )


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "secret"

    first = Secret.read_or_make(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["secret"]
    assert Secret.read_or_make(path).key("keys") == first.key("keys")
    assert Secret.read(path).key("keys") == first.key("keys")


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    found: set[bytes] = set()
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        found.add(Secret.read_or_make(tmp_path / "secret").key("keys"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 1


@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"zz" * 32, b"\xff" * 64, b"ab " * 31])
def test_a_file_that_is_no_secret_is_said_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)

    with pytest.raises(UsageError, match="64 hexadecimal") as caught:
        Secret.read_or_make(tmp_path / "secret")

    assert "abab" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_given_file_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no secret"):
        Secret.read(tmp_path / "secret")

    assert not (tmp_path / "secret").exists()


def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot be read"):
        Secret.read(tmp_path)
    with pytest.raises(StorageError, match="cannot be written"):
        Secret.read_or_make(tmp_path / "file" / "folder" / "secret")


def test_a_secret_is_not_printed() -> None:
    assert "00" not in repr(Secret(bytes(32)))


def test_a_secret_has_256_bits() -> None:
    with pytest.raises(ValueError, match="32"):
        Secret(b"short")
