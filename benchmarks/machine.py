"""Where a measurement was taken."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    """Return the processor's name, as far as the platform tells."""
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def describe_machine() -> dict[str, str | int]:
    """Return processor, cores, system and Python, for the report."""
    return {
        "cpu": cpu_model(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Return the installed version of each package."""
    return {package: version(package) for package in packages}
