"""What the OpenAPI document says beyond what FastAPI sees in the code."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from brainlens.errors import BrainLensError
from brainlens.inference.answer import Answer, InputInfo, ModelInfo, Status
from brainlens.inference.explanation import Explanation
from brainlens.inference.gates.gate import ABSTAINING, REJECTING
from brainlens.inference.message import message
from brainlens.server.open_inference.request import InferenceRequest
from brainlens.server.problems import INTERNAL, KINDS, MEDIA_TYPE, Kind, Problem
from brainlens.server.refusals import HeadTooLarge, HostRefused, OriginRefused
from brainlens.server.upload_form import FIELD
from brainlens.words import DISCLAIMER, INTENDED_INPUT, REASON_SENTENCES

TITLE: Final = "BrainLens"
SUMMARY: Final = "Tells tumour types apart in brain-MRI slices."
DESCRIPTION: Final = "\n\n".join(
    [
        DISCLAIMER,
        f"Intended input: {INTENDED_INPUT}",
        "An answer is a result, never a verdict or a diagnosis. `answered`: among its classes the "
        "model's output is highest for `predicted_class`, with a confidence at or above the "
        "threshold. `abstained`: below it, or a gate is unsure. `rejected`: no class is named, "
        "since this is no image the model can speak about. Errors are RFC 9457 problems whose "
        "`type` never changes.",
    ]
)
_EXAMPLE_ID: Final = "00000000-0000-4000-8000-000000000000"
_DETAIL: Final[dict[str, str]] = {k.code: (e.__doc__ or "").strip() for e, k in KINDS.items()}


def _example_problem(kind: Kind) -> dict[str, Any]:
    return Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=_DETAIL.get(kind.code, f"{kind.title}."),
        hint="What to do next, in one sentence.",
        instance=f"urn:uuid:{_EXAMPLE_ID}",
    ).model_dump(exclude_none=True)


def problems(*errors: type[BrainLensError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a route that may raise ``errors``, by status.

    What may meet every request is added: another host or origin, too large a
    head, and an unforeseen error.
    """
    kinds = [
        *(KINDS[error] for error in (*errors, OriginRefused, HostRefused, HeadTooLarge)),
        INTERNAL,
    ]
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in kinds}):
        of_status = [kind for kind in kinds if kind.status == status]
        responses[status] = {
            "description": "; ".join(kind.title for kind in of_status),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {
                        k.code: {"summary": k.title, "value": _example_problem(k)}
                        for k in of_status
                    },
                }
            },
        }
    return responses


def _example_explanation() -> Explanation:
    return Explanation(
        class_id="class_a",
        peak=(201, 318),
        grid=(4, 4),
        strength=1.0,
        overlay_png="iVBORw0KGgo…",
        map_png="iVBORw0KGgo…",
    )


def _example_answer(
    status: Status,
    probabilities: dict[str, float] | None,
    explanation: Explanation | None = None,
    reasons: tuple[str, ...] = (),
) -> dict[str, Any]:
    best = max(probabilities, key=probabilities.__getitem__) if probabilities else None
    return Answer(
        prediction_id=_EXAMPLE_ID,
        status=status,
        reasons=reasons,
        message=message(status, reasons),
        predicted_class=best,
        display_name={"en": "Class A", "fr": "Classe A"} if best else None,
        confidence=probabilities[best] if probabilities and best else None,
        probabilities=probabilities,
        threshold=0.7,
        seen_in_training=False,
        input=InputInfo(format="jpeg", width=512, height=512, sha256="5d41" * 16),
        explanation=explanation,
        model=ModelInfo(name="default", version="1.0.0", decision_sha256="9e10" * 16),
        timings_ms={"decode": 2.1, "preprocess": 3.4, "inference": 11.8, "total": 17.6},
    ).model_dump(mode="json")


ANSWERS: Final[dict[str, Any]] = {
    "description": "An answer; `status` says whether it names a class with confidence."
}
_ANSWER_EXAMPLES: Final[dict[str, Any]] = {
    "answered": {
        "summary": "The confidence reaches the threshold",
        "value": _example_answer("answered", {"class_a": 0.96, "class_b": 0.03, "class_c": 0.01}),
    },
    "explained": {
        "summary": "The same, asked with explain=true; pictures are PNG in base64",
        "value": _example_answer(
            "answered",
            {"class_a": 0.96, "class_b": 0.03, "class_c": 0.01},
            _example_explanation(),
        ),
    },
    **{
        reason: {
            "summary": f"Abstained: {REASON_SENTENCES[reason]['en']}",
            "value": _example_answer(
                "abstained",
                {"class_a": 0.48, "class_b": 0.41, "class_c": 0.11}
                if reason in ("low_confidence", "ambiguous")
                else {"class_a": 0.91, "class_b": 0.06, "class_c": 0.03},
                reasons=(reason,),
            ),
        }
        for reason in ABSTAINING
    },
    **{
        reason: {
            "summary": f"Rejected: {REASON_SENTENCES[reason]['en']}",
            "value": _example_answer("rejected", None, reasons=(reason,)),
        }
        for reason in REJECTING
    },
}

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: Final[dict[str, Any]] = {
    "required": True,
    "description": f"One image: a form with the field `{FIELD}`, or its bytes as the body.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "additionalProperties": False,
                "properties": {FIELD: {"type": "string", "format": "binary"}},
            }
        },
        "image/*": _BINARY,
        "application/octet-stream": _BINARY,
    },
}


def install(app: FastAPI) -> None:
    """Let ``app`` publish its document with the schema of the problems in it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            # Bodies that are read by hand, and problems, which no route returns.
            for part in (Problem, InferenceRequest):
                described = part.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(described.pop("$defs", {}))
                schemas[part.__name__] = described
            # Put in last: FastAPI leaves every null out of what it is given, and in an answer
            # null means something.
            answers = schema["paths"]["/predict"]["post"]["responses"]["200"]
            answers["content"]["application/json"]["examples"] = _ANSWER_EXAMPLES
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI documents
