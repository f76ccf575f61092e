"""The one file of a multipart form, taken from bytes already bounded."""

import re
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from brainlens.errors import EmptyImage
from brainlens.server.intake import too_large
from brainlens.server.refusals import BadParameter, MalformedForm, NoFile, SeveralFiles

FIELD: Final = "file"
_FORM_TYPE: Final = b"multipart/form-data"
_MAX_PARTS: Final = 16
_SHOWN_NAME: Final = 64
_QUOTED: Final = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)
_NAMED: Final = re.compile(rb";\s*name\s*=", re.IGNORECASE)


def is_multipart(content_type: str) -> bool:
    """Whether a Content-Type announces a multipart body."""
    return content_type.strip().lower().startswith("multipart/")


def take_image(body: bytes, content_type: str, *, max_bytes: int) -> bytes:
    """Return the image's bytes: the field ``file`` of a form, or the body itself.

    Parameters
    ----------
    body
        The whole body.
    content_type
        The request's Content-Type; where it is no multipart type, the body is the image.
    max_bytes
        Largest image, in bytes.

    Raises
    ------
    EmptyImage
        If there are no bytes.
    ImageTooLarge
        If the file in the form exceeds ``max_bytes``.
    MalformedForm
        If the form cannot be parsed.
    NoFile, SeveralFiles, BadParameter
        If the form has no field ``file``, several, or others besides.
    """
    image = _file_of_form(body, content_type) if is_multipart(content_type) else body
    if not image:
        raise EmptyImage("The upload is empty.", hint="Send the bytes of one image.")
    if len(image) > max_bytes:
        raise too_large(max_bytes)
    return image


@dataclass
class _Parts:
    """Collects the parts of a form; the parser calls its methods."""

    names: list[str] = field(default_factory=list)
    files: list[bytearray] = field(default_factory=list)
    complete: bool = False
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _name: str = ""
    _named: bool = False

    def part_begin(self) -> None:
        self._name = ""
        self._named = False

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            if self._named or len(_NAMED.findall(_QUOTED.sub(b"", self._value))) > 1:
                # Which of them counts, another parser on the way may have seen otherwise.
                raise MalformedForm("A part of the form has two names.", hint="Give it one.")
            self._named = True
            options = parse_options_header(bytes(self._value).decode("latin-1"))[1]
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def headers_finished(self) -> None:
        self.names.append(self._name)
        if len(self.names) > _MAX_PARTS:
            raise MalformedForm("The form has too many parts.", hint="Send the field file alone.")
        if self._name == FIELD:
            self.files.append(bytearray())

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FIELD:
            self.files[-1] += memoryview(data)[start:end]

    def end(self) -> None:
        self.complete = True


def _parse(body: bytes, content_type: str) -> _Parts:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != _FORM_TYPE or not boundary:
        raise MalformedForm(
            "A form must be multipart/form-data and name its boundary.",
            hint="Let the HTTP library build the form, or send the image bytes as the body.",
        )
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.part_begin,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.part_data,
                "on_end": parts.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise MalformedForm(
            "The form cannot be parsed.", hint="Let the HTTP library build the form."
        ) from error
    return parts


def _file_of_form(body: bytes, content_type: str) -> bytes:
    parts = _parse(body, content_type)
    if body and not parts.complete:
        raise MalformedForm("The form ends before its last boundary.", hint="Send it again.")
    if not parts.files:
        raise NoFile(f"The form has no field {FIELD!r}.", hint=f"Send the image as {FIELD!r}.")
    if len(parts.files) > 1:
        raise SeveralFiles(
            f"The form has {len(parts.files)} fields {FIELD!r}.", hint="Send one file a request."
        )
    others = [name for name in parts.names if name != FIELD]
    if others:
        raise BadParameter(
            f"The form has a field {others[0][:_SHOWN_NAME]!r}, which means nothing here.",
            hint="Give parameters in the query: /predict?threshold=0.9.",
        )
    return bytes(parts.files[0])
