"""POST /predict: one image in, one answer out."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from brainlens.errors import EmptyImage, ImageTooLarge, NotAnImage, ServiceBusy, UnreadableImage
from brainlens.inference.answer import Answer
from brainlens.server.access import ACCESS_ERRORS, Predicting
from brainlens.server.api_document import ANSWERS, UPLOAD, problems
from brainlens.server.intake import FORM_ENVELOPE_BYTES, receive_body, wait_for_disconnect
from brainlens.server.keys.scope import Scope
from brainlens.server.records.record import Record
from brainlens.server.records.writer import written
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
    model = service.models.find(query.model)
    may_lower = caller.may(Scope.ADMIN)
    threshold = model.threshold_for(query.threshold, allow_lower=may_lower)
    classes = model.classes_for(query.classes, explain=query.explain)
    content_type = request.headers.get("content-type", "")
    max_bytes = service.settings.max_upload_bytes

    with service.pool.place():
        body = await receive_body(
            request,
            max_bytes=max_bytes,
            timeout=service.settings.request_timeout,
            envelope=FORM_ENVELOPE_BYTES if is_multipart(content_type) else 0,
        )

        def work() -> tuple[Answer, int]:
            image = take_image(body, content_type, max_bytes=max_bytes)
            answer = model.predictor.predict(
                image,
                threshold=threshold,
                allow_lower=may_lower,
                explain=query.explain,
                classes=classes,
            )
            return answer, len(image)

        answering = asyncio.ensure_future(service.pool.run(work))
        leaving = asyncio.ensure_future(wait_for_disconnect(request))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ClientDisconnect
            answer, n_bytes = answering.result()
        finally:
            answering.cancel()
            leaving.cancel()
        record = Record.of(answer, model=model.name, key_id=caller.key_id, n_bytes=n_bytes)
        await written(service.writer.append(record))
        return answer
