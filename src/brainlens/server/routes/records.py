"""GET /predictions/{id} and POST /predictions/{id}/feedback: what was answered, and what was so."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from brainlens.inference.answer import Status
from brainlens.server.access import ACCESS_ERRORS, Caller, Predicting, caller_of
from brainlens.server.api_document import problems
from brainlens.server.keys.scope import Scope
from brainlens.server.moments import iso
from brainlens.server.records.feedback import Feedback
from brainlens.server.records.store import Stored
from brainlens.server.refusals import (
    BadParameter,
    BodyTooLarge,
    ScopeNeeded,
    SlowRequest,
    UnknownPrediction,
)
from brainlens.server.service import Service, service_of

router = APIRouter(prefix="/predictions", tags=["records"])

PredictionId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="`prediction_id` of an answer.")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Conclusion(_Part):
    """What a professional concluded about the slice of a prediction."""

    class_id: str | None = Field(
        alias="class",
        max_length=256,
        description="Id of one of the model's classes; null for none of them.",
    )


class GivenConclusion(Conclusion):
    """A conclusion that is on record."""

    feedback_id: str
    time: str = Field(description="When it was given, in UTC.")


class PredictionRecord(_Part):
    """What is kept of a prediction; neither the image nor anything about a patient."""

    prediction_id: str
    time: str = Field(description="When it was made, in UTC.")
    key_id: str | None = Field(
        description="The key it was asked with, or a keyed hash of a token's subject; if any."
    )
    input_hmac: str = Field(description="Keyed hash of the uploaded bytes.")
    input_bytes: int
    input_format: str
    input_width: int
    input_height: int
    model: str
    decision_sha256: str
    threshold: float
    status: Status
    reasons: tuple[str, ...]
    predicted_class: str | None
    confidence: float | None
    probabilities: dict[str, float] | None
    milliseconds: float
    distance: float | None = Field(
        description="How far the slice lies from the training slices, where that is measured."
    )
    feedback: tuple[GivenConclusion, ...]


@router.get(
    "/{prediction_id}",
    summary="Give back the record of a prediction",
    response_description="The record, and what was concluded about it.",
    responses=problems(*ACCESS_ERRORS, UnknownPrediction, BadParameter),
)
async def read_record(
    prediction_id: PredictionId,
    caller: Annotated[Caller, Depends(caller_of)],
    service: Annotated[Service, Depends(service_of)],
) -> PredictionRecord:
    """Say what was asked, in figures, and what was answered.

    A key of scope `predict` sees its own predictions, one of scope `read` everybody's.
    """
    stored = await _stored(service, caller, prediction_id, others=Scope.READ)
    record = stored.record.as_json()
    given = [_given(one) for one in stored.feedback]
    return PredictionRecord.model_validate({**record, "feedback": given})


@router.post(
    "/{prediction_id}/feedback",
    status_code=201,
    summary="Say what a professional concluded",
    response_description="The conclusion as it is on record.",
    responses=problems(
        *ACCESS_ERRORS, ScopeNeeded, UnknownPrediction, BadParameter, BodyTooLarge, SlowRequest
    ),
)
async def give_feedback(
    prediction_id: PredictionId,
    conclusion: Conclusion,
    caller: Predicting,
    service: Annotated[Service, Depends(service_of)],
) -> GivenConclusion:
    """Record what was concluded about the slice of one's own prediction.

    It changes no answer. Said again, it is recorded again; the last one counts.
    """
    stored = await _stored(service, caller, prediction_id, others=Scope.ADMIN)
    known = _classes(service, stored)
    if conclusion.class_id is not None and conclusion.class_id not in known:
        raise BadParameter(
            "class is none of the model's classes.",
            hint=f"Choose one of: {', '.join(known)}; or null for none of them."
            if known
            else "Its model is not served any more, so only null can be recorded.",
        )
    given = Feedback.now(
        stored.record.prediction_id, key_id=caller.key_id, concluded=conclusion.class_id
    )
    await service.look_up(partial(service.storage.records.add_feedback, given))
    return _given(given)


async def _stored(service: Service, caller: Caller, prediction_id: str, *, others: Scope) -> Stored:
    """Return a record of the caller's own, or of others' where they have that scope.

    Raises
    ------
    UnknownPrediction
        If there is no such record, or it is another's: which of the two is not theirs to know.
    """
    stored = await service.look_up(partial(service.storage.records.find, prediction_id))
    if stored is not None:
        own = stored.record.key_id == caller.key_id
        if own or caller.may(others):
            return stored
    raise UnknownPrediction(
        "There is no record of that prediction, or it was asked with another key.",
        hint=f"Use the key that asked, or one of scope {others}; old records may have been pruned.",
    )


def _classes(service: Service, stored: Stored) -> list[str]:
    """Return the classes that a conclusion may name."""
    if stored.record.probabilities is not None:
        return list(stored.record.probabilities)
    # A rejected slice has no probabilities; its model may have left meanwhile.
    model = service.models.by_name.get(stored.record.model)
    return [] if model is None else [c.id for c in model.info.classes]


def _given(feedback: Feedback) -> GivenConclusion:
    return GivenConclusion.model_validate(
        {
            "feedback_id": feedback.feedback_id,
            "time": iso(feedback.time_us),
            "class": feedback.concluded,
        }
    )
