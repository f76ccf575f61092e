import ctypes
import subprocess
import sys

import pytest

from brainlens.training.allocator import keep_freed_memory

# Blocks of 64 MiB, filled and freed in turn: with the setting their pages stay with the process.
SCRIPT = """
import resource, sys
from brainlens.training.allocator import keep_freed_memory
import numpy as np
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def use():
    np.full(64 * 2**20, 1, np.uint8).sum()
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _is_glibc() -> bool:
    return keep_freed_memory()


@pytest.mark.skipif(not _is_glibc(), reason="another C library than glibc")
def test_freed_pages_are_used_again() -> None:
    def faults(how: str) -> int:
        command = [sys.executable, "-c", SCRIPT, how]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert faults("keep") < faults("leave") / 4


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_mallopt(name: None) -> object:
        return object()

    monkeypatch.setattr(ctypes, "CDLL", without_mallopt)
    assert not keep_freed_memory()
