import os
import pickle
from pathlib import Path

import pytest
import torch

from brainlens.errors import RunError
from brainlens.training.checkpoints import AtomicCheckpointIO, checkpoint_path, load_checkpoint


class Trap:
    """Pickled, it makes a file where it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.path,)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    path = checkpoint_path(tmp_path, "best")
    path.parent.mkdir()
    trap = tmp_path / "sprung"
    torch.save({"state_dict": Trap(trap)}, path)
    with pytest.raises(RunError, match="damaged"):
        load_checkpoint(tmp_path, "best")
    path.write_bytes(pickle.dumps(Trap(trap)))
    with pytest.raises(RunError, match="damaged"):
        load_checkpoint(tmp_path, "best")
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = checkpoint_path(tmp_path, "last")
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"last\.ckpt is damaged"):
        load_checkpoint(tmp_path, "last")


def test_a_failed_write_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    io = AtomicCheckpointIO()
    path = checkpoint_path(tmp_path, "last")
    io.save_checkpoint({"epoch": 1}, path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        io.save_checkpoint({"epoch": 2}, path)
    assert load_checkpoint(tmp_path, "last") == {"epoch": 1}
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


def test_storage_options_mean_nothing_here(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="storage options"):
        AtomicCheckpointIO().save_checkpoint({}, tmp_path / "x.ckpt", storage_options={})
