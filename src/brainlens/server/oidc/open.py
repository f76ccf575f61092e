"""The checker of tokens that the settings ask for, if they ask for one."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from brainlens.errors import MissingExtra
from brainlens.server.settings import Settings

if TYPE_CHECKING:
    from brainlens.server.oidc.tokens import Tokens


def open_tokens(settings: Settings) -> "Tokens | None":
    """Return what checks tokens, or None where no issuer is set.

    Raises
    ------
    MissingExtra
        If an issuer is set and what checks signatures is not installed.
    """
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    for module, package in (("jwt", "PyJWT"), ("cryptography", "cryptography")):
        if find_spec(module) is None:
            raise MissingExtra(
                f"OpenID Connect needs {package}, which is not installed.",
                hint='Install it: pip install "brainlens[oidc]".',
            )
    # Imported here, so that a service without a provider starts without them.
    from brainlens.server.oidc.provider import Provider
    from brainlens.server.oidc.tokens import Tokens

    return Tokens(
        Provider(settings.oidc_issuer),
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        claim=settings.oidc_claim,
        scopes=settings.oidc_scopes,
        clients=settings.oidc_clients,
    )
