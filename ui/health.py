"""Whether the server is the one that the page was loaded from, and what it serves now.

In: something that answers. Out: ``GET /api/health``, two values that a page compares with the
ones it saw before. It keeps nothing and asks nothing of the person.
"""

import secrets
from typing import TYPE_CHECKING

from index.errors import YoujuError
from ui.body import answer_json
from ui.page import ChatBackend

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse

__all__ = ["add_health"]


def add_health(app: "FastAPI", backend: ChatBackend) -> None:
    """Add ``/api/health``: ``{"boot": …, "generation": …}``.

    ``boot`` is drawn once for each start of the server: another one means that what the server
    kept of a conversation is gone. ``generation`` names the index, null while it cannot be read.
    """
    boot = secrets.token_hex(8)

    # Plain def: FastAPI runs it in a thread, and the backend may read from disk.
    def health() -> "JSONResponse":
        try:
            generation = backend.summary().generation
        except YoujuError:
            generation = None
        return answer_json({"boot": boot, "generation": generation})

    app.add_api_route("/api/health", health, methods=["GET"], response_model=None)
