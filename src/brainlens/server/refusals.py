"""What only a service refuses: requests, not images."""

from typing import ClassVar

from brainlens.errors import InputError


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


class NotFound(Refusal):
    """There is nothing at that path."""

    code = "not_found"


class MethodRefused(Refusal):
    """The path does not offer that method."""

    code = "method_not_allowed"
