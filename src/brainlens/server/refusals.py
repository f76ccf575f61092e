"""What only a service refuses: requests, not images."""

from typing import ClassVar

from brainlens.errors import InputError, ServiceUnavailable


class Refusal(InputError):
    """A request cannot be served as it is."""

    code: ClassVar[str] = "refused"


class MalformedForm(Refusal):
    """The body is not the multipart form that its header announces."""

    code = "malformed_form"


class NoFile(Refusal):
    """The form has no field ``file``."""

    code = "no_file"


class SeveralFiles(Refusal):
    """The form has more than one field ``file``."""

    code = "several_files"


class BadParameter(Refusal):
    """A parameter is unknown here or out of range."""

    code = "bad_parameter"


class UnknownModel(Refusal):
    """No model of that name is served."""

    code = "unknown_model"


class ThresholdLowered(Refusal):
    """The request asks for a threshold below the model's."""

    code = "threshold_lowered"


class HostRefused(Refusal):
    """The request is addressed to a host name that is not this service's."""

    code = "host_not_allowed"


class OriginRefused(Refusal):
    """The request comes from a web page of another origin."""

    code = "origin_not_allowed"


class SlowRequest(Refusal):
    """The request did not arrive in time."""

    code = "slow_request"


class HeadTooLarge(Refusal):
    """The request has more headers, or longer ones, than any client needs."""

    code = "head_too_large"


class BodyTooLarge(Refusal):
    """The request brings more than anything but an image needs."""

    code = "body_too_large"


class NotFound(Refusal):
    """There is nothing at that path."""

    code = "not_found"


class MethodRefused(Refusal):
    """The path does not offer that method."""

    code = "method_not_allowed"


class KeyNeeded(Refusal):
    """The request carries no API key that is valid."""

    code = "key_needed"


class TokenRefused(Refusal):
    """The bearer token is none of the identity provider's for this service."""

    code = "token_refused"


class TokenExpired(Refusal):
    """The bearer token was valid once."""

    code = "token_expired"


class ScopeNeeded(Refusal):
    """The API key is valid, yet not for this."""

    code = "scope_needed"


class KeysFirst(Refusal):
    """The service has no API keys, and the request did not come straight from this machine."""

    code = "keys_first"


class TooManyAttempts(Refusal):
    """The address has failed to show a valid key too often.

    Parameters
    ----------
    wait_s
        Seconds until it may try again.
    """

    code = "too_many_attempts"

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            "Too many attempts without a valid key came from this address.",
            hint="Wait for the seconds of Retry-After, then use a valid key.",
        )
        self.wait_s = wait_s


class TooManyRequests(Refusal):
    """The caller makes requests faster than the service's limit.

    Parameters
    ----------
    wait_s
        Seconds until the next one is taken.
    """

    code = "too_many_requests"

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            "These are more requests than this service takes from one caller.",
            hint="Send the request again after the seconds of Retry-After.",
        )
        self.wait_s = wait_s


class BundleRefused(Refusal):
    """A bundle cannot be taken into use; what was served is served still."""

    code = "bundle_refused"


class UnknownPrediction(Refusal):
    """There is no record of that prediction, or it is not this key's to see."""

    code = "unknown_prediction"


class NotReady(ServiceUnavailable):
    """What a prediction needs is not there now."""

    code: ClassVar[str] = "not_ready"
