"""Transport Layer Security: the certificate that the service shows."""

import ssl
from pathlib import Path
from typing import Final

from brainlens.errors import StorageError, UsageError

_HINT: Final = (
    "Give a certificate (with its chain) and its key as PEM files: "
    "brainlens serve --tls-cert FILE --tls-key FILE."
)


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return the server's side of TLS 1.2 or later.

    Parameters
    ----------
    cert
        PEM file of the certificate, followed by those of the authorities between.
    key
        PEM file of its private key, without a passphrase.

    Raises
    ------
    UsageError
        If they are no certificate and key, or not of each other.
    StorageError
        If a file cannot be read.
    """
    for path in (cert, key):
        _check_readable(path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # OpenSSL would otherwise ask for a passphrase on the terminal, and wait.
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        raise UsageError(
            f"{cert} and {key} are no certificate and its key ({error.reason or 'no PEM'}).",
            hint=_HINT,
        ) from error
    return context


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", hint=_HINT) from None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.",
            hint="Let the service's user read it.",
        ) from error


def _no_passphrase() -> str:
    raise UsageError(
        "The private key is locked with a passphrase, which a service cannot type.",
        hint="Write it without one, for the service's user alone: openssl pkey -in KEY -out FILE.",
    )
