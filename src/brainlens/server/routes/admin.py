"""POST /admin/models/{name}: another bundle for a served name."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from brainlens.errors import ServiceBusy
from brainlens.server.access import ACCESS_ERRORS, Administering
from brainlens.server.api_document import problems
from brainlens.server.model import Model
from brainlens.server.models import NAME_PATTERN
from brainlens.server.refusals import (
    BadParameter,
    BodyTooLarge,
    BundleRefused,
    ScopeNeeded,
    SlowRequest,
    UnknownModel,
)
from brainlens.server.service import Service, service_of

router = APIRouter(prefix="/admin", tags=["administration"])


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Wanted(_Part):
    """Which bundle to load."""

    path: str = Field(
        min_length=1,
        max_length=4096,
        description="Path on the server, below one of the folders of BRAINLENS_BUNDLE_DIRS.",
    )


class Served(_Part):
    """What answers under a name."""

    bundle: str = Field(description="The bundle's own name.")
    version: str
    decision_sha256: str = Field(description="Hash of all that decides an answer.")

    @classmethod
    def of(cls, model: Model) -> "Served":
        """Return what is told of a model."""
        info = model.info
        return cls(bundle=info.name, version=info.version, decision_sha256=info.decision_sha256)


class Swapped(_Part):
    """What answers now, and what did before."""

    name: str
    now: Served
    before: Served


@router.post(
    "/models/{name}",
    summary="Load another bundle for a served name",
    response_description="It answers from now on.",
    responses=problems(
        *ACCESS_ERRORS,
        ScopeNeeded,
        UnknownModel,
        BundleRefused,
        BadParameter,
        BodyTooLarge,
        SlowRequest,
        ServiceBusy,
    ),
)
async def swap(
    name: Annotated[
        str, Path(pattern=NAME_PATTERN, description="Name of a model as GET / lists them.")
    ],
    wanted: Wanted,
    caller: Administering,
    service: Annotated[Service, Depends(service_of)],
) -> Swapped:
    """Verify a bundle, run it once, and let it answer in place of the one that does.

    A bundle that cannot be served changes nothing. No request is lost: those under way are
    answered by the model that they began with. A restart serves the configured bundles again.
    """
    before = await service.swap.swap(name, wanted.path, key_id=caller.key_id)
    return Swapped(name=name, now=Served.of(service.models.find(name)), before=Served.of(before))
