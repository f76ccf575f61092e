"""GET /docs: the API in words, made from the same document as ``/openapi.json``."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from brainlens.server.api_page import CONTENT_SECURITY_POLICY, render

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Return the page: no script, nothing from elsewhere."""
    return HTMLResponse(
        render(request.app.openapi()),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )
