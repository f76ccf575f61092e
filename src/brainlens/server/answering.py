"""One upload, one answer, one record: what every route that predicts does."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from brainlens.inference.answer import Answer
from brainlens.server.access import Caller
from brainlens.server.intake import receive_body, wait_for_disconnect
from brainlens.server.keys.scope import Scope
from brainlens.server.model import Model
from brainlens.server.records.record import Record
from brainlens.server.records.writer import written
from brainlens.server.service import Service
from brainlens.server.stages import Stage, add_measured, stage, stages_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about an image.

    Attributes
    ----------
    model
        Which model answers.
    threshold
        The threshold that the caller wishes for, if any.
    explain
        Whether to draw where the model looked.
    classes
        Other classes to draw, ids with commas between.
    """

    model: Model
    threshold: float | None = None
    explain: bool = False
    classes: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """How a route finds the image in a body.

    Attributes
    ----------
    take
        Returns the image's bytes; called in a thread, on a body bounded already.
    envelope
        Bytes that the body may hold besides the image.
    """

    take: Callable[[bytes], bytes]
    envelope: int = 0


async def answer_upload(
    request: Request, service: Service, caller: Caller, question: Question, upload: Upload
) -> Answer:
    """Receive an image within its bounds, answer, and return once the record is kept.

    Parameters
    ----------
    request
        The request, its body not yet read.
    service
        The service.
    caller
        Who asks; that they may predict has been checked.
    question
        What they ask.
    upload
        How they send the image.

    Raises
    ------
    BrainLensError
        Whatever keeps the question from being answered.
    starlette.requests.ClientDisconnect
        If the client goes away.
    """
    model = question.model
    may_lower = caller.may(Scope.ADMIN)
    threshold = model.threshold_for(question.threshold, allow_lower=may_lower)
    classes = model.classes_for(question.classes, explain=question.explain)

    with service.pool.place():
        with stage(request.scope, "receive"):
            body = await receive_body(
                request,
                max_bytes=service.settings.max_upload_bytes,
                timeout=service.settings.request_timeout,
                envelope=upload.envelope,
            )
        queued_ns = time.time_ns()

        def work() -> tuple[Answer, int]:
            stages_of(request.scope).append(Stage("queue", queued_ns, time.time_ns()))
            with stage(request.scope, "unpack"):
                image = upload.take(body)
            begun_ns = time.time_ns()
            answer = model.predictor.predict(
                image,
                threshold=threshold,
                allow_lower=may_lower,
                explain=question.explain,
                classes=classes,
            )
            add_measured(request.scope, begun_ns, answer.timings_ms)
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
        with stage(request.scope, "record"):
            await written(service.writer.append(record))
        service.metrics.prediction(model.name, answer)
        return answer
