"""Ask a real service everything that its API document allows, and much that it does not.

    python scripts/fuzz_api.py [--cases 200] [--seed 1]

Starts ``brainlens serve`` with the demonstration bundle on a free port, makes a key of every scope,
and runs schemathesis with all its checks: no answer of status 5xx, none that the document does not
describe, nothing wrong accepted, no key ignored. Ends with the status of schemathesis.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from brainlens.bundle.shipped import shipped

_SCRIPTS = Path(__file__).parent
_CLI = (sys.executable, "-c", "from brainlens.cli.app import main; main()")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("The service did not start.")
        try:
            urllib.request.urlopen(url + "/livez", timeout=5).close()  # noqa: S310 - loopback
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return


def _settings(folder: Path) -> dict[str, str]:
    """Return the environment of the service: no limit of rate, every address believed."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("BRAINLENS_")},
        "BRAINLENS_DATA_DIR": str(folder),
        "BRAINLENS_TRUSTED_PROXIES": '["127.0.0.1"]',
        "BRAINLENS_RATE_LIMIT": "0",
        "OMP_NUM_THREADS": "1",
    }


def _make_key(environment: dict[str, str]) -> str:
    scopes = [part for scope in ("predict", "read", "admin") for part in ("--scope", scope)]
    made = subprocess.run(
        [*_CLI, "keys", "create", "fuzz", *scopes],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.split()[0]


def _fuzz(url: str, key: str, cases: int, seed: int, folder: Path) -> int:
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")),),
        *("--config-file", str(_SCRIPTS / "fuzz_api.toml")),
        *("run", f"{url}/openapi.json", "--checks", "all", "--header", f"X-API-Key: {key}"),
        *("--max-examples", str(cases), "--seed", str(seed), "--no-color"),
        *("--report", "ndjson", "--report-dir", str(folder)),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "fuzz_api_hooks", "PYTHONPATH": str(_SCRIPTS)}
    environment = {**os.environ, **hooks}
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def main() -> int:
    """Run it; return schemathesis' status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=200, help="cases an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = _settings(folder)
        key = _make_key(environment)
        port = _free_port()
        bundle = f"demo={shipped()['demo']}"
        with (folder / "log").open("wb") as log:
            service = subprocess.Popen(
                [*_CLI, "serve", "--bundle", bundle, "--port", str(port)],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, service)
            status = _fuzz(url, key, chosen.cases, chosen.seed, folder)
        finally:
            service.terminate()
            service.wait(60)
        _tell(folder / "log")
        return status


def _tell(log: Path) -> None:
    """Print how often each status was answered, by the service's own log."""
    counts: dict[int, int] = {}
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("{"):
            entry = json.loads(line)
            if entry.get("event") == "request":
                counts[entry["status"]] = counts.get(entry["status"], 0) + 1
    told = ", ".join(f"{status}: {n}" for status, n in sorted(counts.items()))
    print(f"{sum(counts.values())} requests; {told}")


if __name__ == "__main__":
    sys.exit(main())
