"""JSON over HTTP: what a browser sends, read no further than it may be long; what it is answered.

In: requests, and plain values. Out: JSON objects or an error, and responses that no cache keeps.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from index.errors import UsageError

if TYPE_CHECKING:
    from fastapi.responses import JSONResponse
    from starlette.requests import Request

__all__ = ["TooLongError", "answer_json", "read_object"]


class TooLongError(UsageError):
    """More was sent than is taken."""


async def read_object(request: "Request", *, max_bytes: int) -> Mapping[str, Any]:
    """Read a JSON object from the body of a request.

    Raises:
        TooLongError: it is longer than ``max_bytes``.
        UsageError: it is no JSON object.
    """
    parts: list[bytes] = []
    left = max_bytes
    async for part in request.stream():
        left -= len(part)
        if left < 0:
            raise TooLongError(f"too long: at most {max_bytes:,} bytes are taken")
        parts.append(part)
    try:
        value = json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise UsageError("not JSON that can be read") from error
    if not isinstance(value, dict):
        raise UsageError("a JSON object is needed")
    return value


def answer_json(content: object, *, status: int = 200) -> "JSONResponse":
    """Answer with JSON that no cache keeps."""
    from fastapi.responses import JSONResponse

    return JSONResponse(content, status_code=status, headers={"cache-control": "no-store"})
