"""Errors as RFC 9457 problems: the one mapping from errors to HTTP."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from brainlens.errors import (
    BrainLensError,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    NotAnImage,
    ServiceBusy,
    UnreadableImage,
)
from brainlens.server.database.database import DatabaseError
from brainlens.server.oidc.unavailable import ProviderUnavailable
from brainlens.server.refusals import (
    BadParameter,
    BodyTooLarge,
    BundleRefused,
    HeadTooLarge,
    HostRefused,
    KeyNeeded,
    KeysFirst,
    MalformedForm,
    MethodRefused,
    NoFile,
    NotFound,
    NotReady,
    OriginRefused,
    Refusal,
    ScopeNeeded,
    SeveralFiles,
    SlowRequest,
    ThresholdLowered,
    TokenExpired,
    TokenRefused,
    TooManyAttempts,
    TooManyRequests,
    UnknownModel,
    UnknownPrediction,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
CLIENT_GONE: Final = 499
_SHOWN_NAME: Final = 64
# The Open Inference Protocol says what is wrong in a member of its own.
_PROTOCOL_PATH: Final = re.compile(r"/v2(/|$)")


class Problem(BaseModel):
    """A problem as RFC 9457 has it; ``type`` and ``status`` never change between releases."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Stable identifier of the kind of problem.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What is wrong with this request.")
    hint: str = Field(default="", description="What to do next.")
    instance: str = Field(description="Identifier of this request, as in its log line.")
    error: str | None = Field(
        default=None,
        description="Under `/v2` the same as `detail`, by the name that protocol has for it.",
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of error is told over HTTP."""

    status: int
    code: str
    title: str

    @property
    def type(self) -> str:
        """The problem's stable ``type``."""
        return f"urn:brainlens:problem:{self.code.replace('_', '-')}"


def _kind(error: type[BrainLensError], status: int, title: str) -> tuple[type, Kind]:
    return error, Kind(status, error.code, title)


KINDS: Final[Mapping[type, Kind]] = dict(
    [
        _kind(EmptyImage, 400, "Nothing was sent"),
        _kind(UnreadableImage, 400, "The image is damaged"),
        _kind(ImageError, 400, "The image cannot be used"),
        _kind(MalformedForm, 400, "The form cannot be read"),
        _kind(KeyNeeded, 401, "A valid API key is needed"),
        _kind(TokenRefused, 401, "The token is not valid here"),
        _kind(TokenExpired, 401, "The token has expired"),
        _kind(KeysFirst, 403, "Keys must be made first"),
        _kind(ScopeNeeded, 403, "The API key is not for this"),
        _kind(OriginRefused, 403, "Web pages of other origins are not served"),
        _kind(ThresholdLowered, 403, "The threshold can only be raised"),
        _kind(NotFound, 404, "There is nothing here"),
        _kind(UnknownPrediction, 404, "There is no such prediction"),
        _kind(MethodRefused, 405, "The method is not offered here"),
        _kind(SlowRequest, 408, "The request took too long to arrive"),
        _kind(BodyTooLarge, 413, "The request is too large"),
        _kind(ImageTooLarge, 413, "The image is too large"),
        _kind(NotAnImage, 415, "This is no image that can be read"),
        _kind(HostRefused, 421, "This host name is not served"),
        _kind(NoFile, 422, "The form has no file"),
        _kind(SeveralFiles, 422, "One file a request"),
        _kind(BadParameter, 422, "A parameter cannot be used"),
        _kind(UnknownModel, 422, "No such model"),
        _kind(BundleRefused, 422, "The bundle cannot be served"),
        _kind(TooManyAttempts, 429, "Too many failed attempts"),
        _kind(TooManyRequests, 429, "Too many requests"),
        _kind(HeadTooLarge, 431, "The request's head is too large"),
        _kind(Refusal, 400, "The request cannot be served"),
        _kind(NotReady, 503, "The service is not ready"),
        _kind(ServiceBusy, 503, "The service is busy"),
        _kind(ProviderUnavailable, 503, "The identity provider does not answer"),
        _kind(DatabaseError, 503, "Records cannot be kept now"),
    ]
)
INTERNAL: Final = Kind(500, "internal", "The service failed")


def kind_of(error: BaseException) -> Kind:
    """Return how ``error`` is told: by its class, else its nearest ancestor, else `INTERNAL`."""
    for ancestor in type(error).__mro__:
        if ancestor in KINDS:
            return KINDS[ancestor]
    return INTERNAL


def instance_of(scope: Scope) -> str:
    """Return the identifier of the request of an ASGI scope."""
    return f"urn:uuid:{scope['state']['request_id']}"


def problem_response(error: BaseException, scope: Scope) -> Response:
    """Return the response that tells ``error`` to the caller, without inner detail."""
    kind = kind_of(error)
    # Nothing of an error that is not in the table goes out: it may quote files or data.
    told = isinstance(error, BrainLensError) and kind is not INTERNAL
    detail = error.message if told and isinstance(error, BrainLensError) else f"{kind.title}."
    problem = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail,
        hint=(
            error.hint
            if told and isinstance(error, BrainLensError)
            else "Try again; if it stays, give the operator the instance identifier."
        ),
        instance=instance_of(scope),
        error=detail if _PROTOCOL_PATH.match(scope.get("path", "")) else None,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=kind.status,
        headers=_headers(error, kind),
        media_type=MEDIA_TYPE,
    )


def _headers(error: BaseException, kind: Kind) -> dict[str, str]:
    if isinstance(error, TooManyAttempts | TooManyRequests):
        return {"Retry-After": str(max(1, math.ceil(error.wait_s)))}
    if kind.status == 503:
        return {"Retry-After": str(RETRY_AFTER_S)}
    if kind.status == 401:
        # RFC 6750, section 3.1: nothing more where no token was sent.
        why = ', error="invalid_token"' if isinstance(error, TokenRefused | TokenExpired) else ""
        return {"WWW-Authenticate": f'Bearer realm="brainlens"{why}'}
    return {}


def _bad_parameter(error: RequestValidationError) -> BadParameter:
    """Return what the first finding of FastAPI's validation means, without the value sent."""
    first = error.errors()[0]
    name = str(first["loc"][-1])[:_SHOWN_NAME]
    if first["type"] == "extra_forbidden":
        return BadParameter(
            f"There is no parameter {name!r}.", hint="GET /docs lists the parameters."
        )
    return BadParameter(f"{name}: {first['msg']}.", hint="GET /docs says what it may be.")


def _http_error(error: HTTPException, scope: Scope) -> BrainLensError:
    if error.status_code == 400:
        # FastAPI's word for a body that is no JSON, or not in UTF-8.
        return BadParameter("The body cannot be read.", hint="Send JSON, in UTF-8.")
    if error.status_code == 404:
        return NotFound("There is nothing at this path.", hint="GET /docs lists the paths.")
    if error.status_code == 405:
        return MethodRefused(
            f"This path does not offer {scope['method'][:16]}.", hint="GET /docs lists them."
        )
    if error.status_code == 408:
        return SlowRequest("The request did not arrive whole in time.", hint="Send it again.")
    if error.status_code == 413:
        return BodyTooLarge(
            "The request brings more bytes than this path takes.",
            hint="GET /docs says what it takes; images go to /predict.",
        )
    return Refusal("The request cannot be served as it is.", hint="GET /docs says how to ask.")


async def _tell(request: Request, error: Exception) -> Response:
    return problem_response(error, request.scope)


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for that class alone
    response = problem_response(_http_error(error, request.scope), request.scope)
    response.headers.update(error.headers or {})
    return response


async def _tell_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for that alone
    return problem_response(_bad_parameter(error), request.scope)


async def _tell_nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


def install(app: FastAPI) -> None:
    """Let ``app`` tell all the errors in the table as problems."""
    for error in KINDS:
        app.add_exception_handler(error, _tell)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(RequestValidationError, _tell_validation)
    app.add_exception_handler(ClientDisconnect, _tell_nobody)
