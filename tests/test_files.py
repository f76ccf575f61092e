import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens import files

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_canonical_json_is_json_and_does_not_depend_on_key_order(value: object) -> None:
    spelling = files.canonical_json(value)
    assert json.loads(spelling) == value
    if isinstance(value, dict):
        assert files.canonical_json(dict(reversed(value.items()))) == spelling


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.canonical_json(float("nan"))


def test_hash_of_a_file_is_the_hash_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256_file(tmp_path / "a") == files.sha256_bytes(b"abc") == expected


def test_a_file_is_written_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "new" / "é.json"
    files.write_json(path, {"é": 1})
    assert json.loads(path.read_text("utf-8")) == {"é": 1}
    assert [p.name for p in path.parent.iterdir()] == ["é.json"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises(TypeError):
        files.write_bytes(path, "not bytes")  # type: ignore[arg-type] # the failure wanted
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "x")
    with files.new_folder(tmp_path / "b"):
        pass
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o755


def test_a_folder_appears_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "bundle"
    with files.new_folder(target) as building:
        (building / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    assert [p.name for p in target.parent.iterdir()] == ["bundle"]


def test_a_folder_that_is_there_is_kept_unless_replacing_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with files.new_folder(target) as building:
        (building / "a").write_text("old")
    with pytest.raises(FileExistsError), files.new_folder(target):
        pass
    with (
        pytest.raises(TypeError),
        files.new_folder(target, replace=True) as building,
    ):
        (building / "a").write_text(b"not text")  # type: ignore[arg-type] # the failure wanted
    assert (target / "a").read_text() == "old"
    with files.new_folder(target, replace=True) as building:
        (building / "a").write_text("new")
    assert (target / "a").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


def test_a_kill_leaves_the_old_file_or_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state"
    program = (
        "import sys; from pathlib import Path; from brainlens.files import write_bytes\n"
        "n = 0\n"
        "while True:\n"
        "    n = (n + 1) % 256; write_bytes(Path(sys.argv[1]), bytes([n]) * 200_000)\n"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", program, str(path)])
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.05)
        process.kill()
        process.wait()
        data = path.read_bytes()
        assert len(data) == 200_000
        assert len(set(data)) == 1


def test_a_file_written_in_parts_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"

    def fail() -> None:
        with files.writing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(path.parent.iterdir()) == []

    with files.writing(path) as file:
        file.write(b"one ")
        file.write(b"two")
        assert not path.exists()
    assert path.read_bytes() == b"one two"


def test_what_keeps_a_file_from_being_written_is_told_of_its_own_name(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.mkdir()
    with pytest.raises(OSError, match=r"report\.json'$") as refused:
        files.write_bytes(target, b"new")
    assert refused.value.filename == str(target)

    limit = (
        "import resource, signal, sys; from pathlib import Path; from brainlens import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: files.write_bytes(Path(sys.argv[1]), bytes(1000))\n"
        "except OSError as error: print(error.filename)\n"
    )
    path = tmp_path / "big.bin"
    done = subprocess.run(
        [sys.executable, "-c", limit, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(path)


def test_an_error_about_another_file_keeps_that_name(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError) as missing,
        files.writing(tmp_path / "made.bin"),
    ):
        (tmp_path / "other.bin").read_bytes()
    assert missing.value.filename == str(tmp_path / "other.bin")
