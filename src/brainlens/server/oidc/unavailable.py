"""What happens where the identity provider would have to be asked and does not answer."""

from brainlens.errors import ServiceError


class ProviderUnavailable(ServiceError):
    """The identity provider does not answer, so nobody knows whether a token is valid."""

    code = "provider_unavailable"
