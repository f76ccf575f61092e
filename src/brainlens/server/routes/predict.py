"""POST /predict: one image in, one answer out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from brainlens.errors import EmptyImage, ImageTooLarge, NotAnImage, ServiceBusy, UnreadableImage
from brainlens.inference.answer import Answer
from brainlens.server.access import ACCESS_ERRORS, Predicting
from brainlens.server.answering import Question, Upload, answer_upload
from brainlens.server.api_document import ANSWERS, UPLOAD, problems
from brainlens.server.intake import FORM_ENVELOPE_BYTES
from brainlens.server.refusals import (
    BadParameter,
    MalformedForm,
    NoFile,
    ScopeNeeded,
    SeveralFiles,
    SlowRequest,
    ThresholdLowered,
    UnknownModel,
)
from brainlens.server.service import Service, service_of
from brainlens.server.upload_form import is_multipart, take_image

router = APIRouter(tags=["predictions"])


class PredictQuery(BaseModel):
    """What a request may choose; anything else is refused, not passed over."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: str | None = Field(
        default=None, description="Name of a model as GET / lists them; the default one if absent."
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Confidence below which to abstain; the model's own can only be raised.",
    )
    explain: bool = Field(
        default=False,
        description="Whether to draw where the model looked for the predicted class. "
        "This is not a segmentation.",
    )
    classes: str | None = Field(
        default=None,
        max_length=4096,
        description="With `explain=true`: ids of other classes to draw, with commas between.",
    )


@router.post(
    "/predict",
    summary="Classify one slice",
    responses={
        200: ANSWERS,
        **problems(
            EmptyImage,
            UnreadableImage,
            MalformedForm,
            ThresholdLowered,
            SlowRequest,
            ImageTooLarge,
            NotAnImage,
            NoFile,
            SeveralFiles,
            BadParameter,
            UnknownModel,
            ServiceBusy,
            ScopeNeeded,
            *ACCESS_ERRORS,
        ),
    },
    openapi_extra={"requestBody": UPLOAD},
)
async def predict(
    request: Request,
    query: Annotated[PredictQuery, Query()],
    caller: Predicting,
    service: Annotated[Service, Depends(service_of)],
) -> Answer:
    """Read one image and answer, abstain or reject; all three come with status 200.

    An answer goes out once its record is kept, and not without.

    The image is the field `file` of a multipart form, or the body itself under any other content
    type. Its format is told by its content.
    """
    content_type = request.headers.get("content-type", "")
    max_bytes = service.settings.max_upload_bytes
    question = Question(
        service.models.find(query.model), query.threshold, query.explain, query.classes
    )
    upload = Upload(
        lambda body: take_image(body, content_type, max_bytes=max_bytes),
        envelope=FORM_ENVELOPE_BYTES if is_multipart(content_type) else 0,
    )
    return await answer_upload(request, service, caller, question, upload)
