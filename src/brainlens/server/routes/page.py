"""GET /page: the page for people, and the files that it is made of."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from brainlens.server.page_assets import INDEX, assets
from brainlens.server.refusals import NotFound

router = APIRouter(include_in_schema=False)


@router.get("/page")
async def page(request: Request) -> Response:
    """Return the page, whatever the client accepts."""
    return assets()[INDEX].response(request.headers)


@router.get("/page/{path:path}")
async def part(request: Request, path: str) -> Response:
    """Return one file of the page.

    Raises
    ------
    NotFound
        If the page has no such file.
    """
    asset = assets().get(path)
    if asset is None:
        raise NotFound("The page has no such file.", hint="Open /page.")
    return asset.response(request.headers)
