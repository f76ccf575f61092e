"""The process of `oidc_provider`, started and stopped by tests."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

PROGRAM = Path(__file__).with_name("oidc_provider.py")


class ProviderProcess:
    """A running provider; stopped and started again it has the same address and keys."""

    def __init__(self, folder: Path) -> None:
        self._keys = folder / "keys.json"
        self._port = 0
        self.client = httpx.Client(timeout=60, trust_env=False)
        self.start()

    def start(self) -> None:
        """Start, and return when it answers."""
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self._port), str(self._keys)],
            env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.issuer = self._process.stdout.readline().strip()
        assert self.issuer
        self._port = urlsplit(self.issuer).port or 0

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def token(self, scope: str, *, client: str, word: str) -> str:
        """Return an access token as a client gets one."""
        answer = self.client.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials", "scope": scope},
            auth=(quote(client, safe="@"), quote(word)),
        )
        assert answer.is_success, answer.text
        return str(answer.json()["access_token"])

    def sign(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token of good claims, but for those given; None leaves one out."""
        now = int(time.time())
        good = {"iss": self.issuer, "sub": "somebody", "iat": now, "exp": now + 600}
        chosen = {k: v for k, v in {**good, **claims}.items() if v is not None}
        return str(self._tell("sign", claims=chosen, header=header or {})["token"])

    def rotate(self, kind: str = "RSA") -> None:
        """Let it sign with another key."""
        self._tell("rotate", kind=kind)

    def behave(self, mode: str) -> None:
        """Let it behave otherwise."""
        self._tell("behave", mode=mode)

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return int(self.client.get(f"{self.issuer}/test/asked").json().get(path, 0))

    def _tell(self, what: str, **values: Any) -> Any:
        answer = self.client.post(f"{self.issuer}/test/{what}", json=values)
        answer.raise_for_status()
        return answer.json()
