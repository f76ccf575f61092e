"""The OpenAPI document as one HTML page: no script, nothing loaded from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from brainlens.server.upload_form import FIELD

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 small { font-weight: normal; opacity: .7; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
h2 .method { background: var(--soft); border: 1px solid var(--line); border-radius: .3em;
  padding: 0 .4em; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid var(--line); padding: .3em .6em; text-align: left; vertical-align: top; }
pre { background: var(--soft); padding: .8em; overflow-x: auto; }
form { background: var(--soft); padding: .8em; }
summary { cursor: pointer; }
.disclaimer { border-left: .3em solid #c80; padding-left: .8em; }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_TRY: Final = (
    '<form action="/predict" method="post" enctype="multipart/form-data">'
    f'<label>Try it: <input type="file" name="{FIELD}" required></label> '
    "<button>Send</button></form>"
)


def render(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document.

    Parameters
    ----------
    document
        The document as FastAPI makes it, without ``$ref`` where examples stand.
    """
    info = document["info"]
    body = "".join(_operations(document))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API <small>{escape(info['version'])}</small></h1>"
        f"<p>{escape(info['summary'])}</p>"
        f'<div class="disclaimer">{_paragraphs(info["description"])}</div>'
        '<p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p>'
        f"{body}</body></html>"
    )


def _words(text: str) -> str:
    """Return escaped text, with what stands between backquotes set as code."""
    parts = escape(text.strip()).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_words(paragraph)}</p>" for paragraph in text.split("\n\n"))


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (
                f'<section><h2><span class="method">{escape(method.upper())}</span> '
                f"<code>{escape(path)}</code></h2>"
                f"<p><strong>{escape(operation['summary'])}.</strong> "
                f"{_words(operation.get('description', ''))}</p>"
            )
            yield from _parameters(operation.get("parameters", []))
            yield from _request(operation.get("requestBody"))
            yield from _responses(operation["responses"])
            yield "</section>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if not parameters:
        return
    yield "<h3>Parameters</h3><table><tr><th>Name</th><th>Meaning</th></tr>"
    for parameter in parameters:
        yield (
            f"<tr><td><code>{escape(parameter['name'])}</code></td>"
            f"<td>{_words(parameter.get('description', ''))}</td></tr>"
        )
    yield "</table>"


def _request(request: Mapping[str, Any] | None) -> Iterator[str]:
    if request is None:
        return
    types = ", ".join(f"<code>{escape(kind)}</code>" for kind in request["content"])
    yield f"<h3>Body</h3><p>{_words(request.get('description', ''))} Content types: {types}.</p>"
    if "multipart/form-data" in request["content"]:
        yield _TRY


def _responses(responses: Mapping[str, Any]) -> Iterator[str]:
    yield "<h3>Answers</h3><table><tr><th>Status</th><th>Meaning</th></tr>"
    for status, response in sorted(responses.items()):
        examples = "".join(_examples(response.get("content", {})))
        yield (
            f"<tr><td>{escape(status)}</td>"
            f"<td>{_words(response['description'])}{examples}</td></tr>"
        )
    yield "</table>"


def _examples(content: Mapping[str, Any]) -> Iterator[str]:
    for media_type, media in content.items():
        for name, example in media.get("examples", {}).items():
            text = json.dumps(example["value"], indent=2, ensure_ascii=False)
            yield (
                f"<details><summary><code>{escape(name)}</code> {escape(example['summary'])} "
                f"(<code>{escape(media_type)}</code>)</summary>"
                f"<pre>{escape(text)}</pre></details>"
            )
