"""The secret of an installation, and the keys derived from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final, Literal

from brainlens.errors import StorageError, UsageError

_BYTES: Final = 32
_HINT: Final = (
    "Give the file with BRAINLENS_SECRET_FILE, or make one: openssl rand -hex 32 > secret."
)

Purpose = Literal["check", "feedback", "heads", "input", "keys", "records", "stubs", "subjects"]


class Secret:
    """256 random bits, from which a key for each purpose is derived.

    Each purpose has its own key, HMAC-SHA256 of the purpose's name under the secret (the expansion
    step of HKDF, Krawczyk and Eronen 2010), so that no code made for one can pass for another.

    Parameters
    ----------
    value
        The 32 bytes.
    """

    def __init__(self, value: bytes) -> None:
        if len(value) != _BYTES:
            raise ValueError(f"a secret has {_BYTES} bytes")
        self._value = value

    def __repr__(self) -> str:
        return "Secret(…)"

    def key(self, purpose: Purpose) -> bytes:
        """Return the 32 bytes for one purpose."""
        return hmac.digest(self._value, f"brainlens/1/{purpose}\x01".encode(), hashlib.sha256)

    @classmethod
    def read(cls, path: Path) -> "Secret":
        """Return the secret of a file: 64 hexadecimal digits.

        Raises
        ------
        UsageError
            If there is no such file, or it holds something else.
        StorageError
            If it cannot be read.
        """
        try:
            text = path.read_text("ascii").strip()
        except FileNotFoundError:
            raise UsageError(f"There is no secret at {path}.", hint=_HINT) from None
        except OSError as error:
            raise StorageError(
                f"The secret {path} cannot be read: {error.strerror or error}.",
                hint="Let the service's user read it.",
            ) from error
        except UnicodeDecodeError:
            text = ""
        try:
            value = bytes.fromhex(text)
        except ValueError:
            value = b""
        if len(value) != _BYTES:
            # The cause is left out: it would quote the secret.
            raise UsageError(
                f"The secret {path} is not {2 * _BYTES} hexadecimal digits.", hint=_HINT
            ) from None
        return cls(value)

    @classmethod
    def read_or_make(cls, path: Path) -> "Secret":
        """Return the secret of a file, made first where there is none.

        Raises
        ------
        UsageError, StorageError
            As `read`, or if it cannot be written.
        """
        if not path.is_file():
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _write_new(path, secrets.token_hex(_BYTES))
            except FileExistsError:
                pass  # Another process made it in this very moment: its secret holds.
            except OSError as error:
                raise StorageError(
                    f"The secret {path} cannot be written: {error.strerror or error}.",
                    hint="Choose a folder that may be written: BRAINLENS_DATA_DIR.",
                ) from error
        return cls.read(path)


def _write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole, and only if there is none yet."""
    # brainlens.files writes files for others to read, and over what is there: a second process
    # would replace the secret under the first.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()
