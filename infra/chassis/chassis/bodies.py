"""What comes in a request and goes out in an answer: JSON, its limits and the errors it may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from chassis.problems import Problem

M = TypeVar("M", bound=BaseModel)

BODY_LIMIT_BYTES: Final = 256 * 1024
HEARD_OUT: Final = 16
"""Who sends up to so many times too much is read to the end, so that the refusal is read too."""


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that nobody keeps."""
    return Response(
        orjson.dumps(body, default=_plain, option=orjson.OPT_NON_STR_KEYS),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    raise TypeError(type(value).__name__)


async def read_body(request: Request, limit: int = BODY_LIMIT_BYTES) -> bytes:
    """The JSON body; raises Problem `media-type-not-supported`, `too-large`.
    Proved by `test_a_body_over_its_limit_is_too_large`."""
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if content_type != "application/json":
        raise Problem("media-type-not-supported")
    content, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            content += chunk
        elif size > HEARD_OUT * limit:
            break
    if size > limit:
        raise Problem("too-large", limit_bytes=limit)
    return bytes(content)


def parse(model: type[M], content: bytes) -> M:
    """The body as its model; raises Problem `invalid-input` with a JSON pointer for each error.
    Proved by `test_each_error_of_a_body_has_its_pointer`."""
    try:
        return model.model_validate_json(content or b"{}", extra="forbid")
    except ValidationError as invalid:
        raise Problem("invalid-input", errors=_errors(invalid, _pointer)) from None


def query(model: type[M], request: Request) -> M:
    """What the address asks after its `?`, as its model; raises Problem `invalid-input` with `?name` for each error.
    Proved by `test_each_error_of_a_query_has_its_name`."""
    try:
        return model.model_validate(dict(request.query_params), extra="forbid")
    except ValidationError as invalid:
        raise Problem("invalid-input", errors=_errors(invalid, lambda place: f"?{place[0]}")) from None


def _pointer(place: Sequence[int | str]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


def _errors(invalid: ValidationError, pointed: Callable[[Sequence[int | str]], str]) -> list[dict[str, str]]:
    return [
        {"pointer": pointed(error["loc"]), "code": error["type"], "detail": error["msg"]}
        for error in invalid.errors(include_url=False, include_context=False, include_input=False)
    ]


def if_match(request: Request) -> int | None:
    """The version a client read; raises Problem `version-stale` for a tag that no version can have.
    Proved by `test_a_version_that_cannot_be_is_stale`."""
    tag = request.headers.get("if-match")
    if tag is None:
        return None
    value = tag.strip().removeprefix("W/").strip('"')
    if not re.fullmatch(r"[0-9]{1,12}", value):
        raise Problem("version-stale")
    return int(value)
