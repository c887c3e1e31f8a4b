"""The collection page and its JSON endpoints, ``/api/collection…``.

In: requests. Out: JSON, or ``{"error", "code"}`` with a status that says whose fault it is.
Everything asks ``Admin`` first: names of files that were never published stand in what is read. The
bodies of uploads go to the disk as they arrive. Knows HTTP, and nothing of how anything is done.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from index.errors import UnusableIndexError, UsageError
from index.ingest import SUFFIXES
from ui.admin import Admin
from ui.body import TooLongError, answer_json, read_object
from ui.collection import Collection
from ui.collection_admin import CollectionAdmin, Kind
from ui.collection_table import PAGE_SIZES, Column, Query
from ui.shell import add_page
from ui.uploads import RefusedError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from ui.server import Part

__all__ = ["collection_part"]

_STATUS = {"busy": 409, "exists": 409, "gone": 404, "size": 413}
"""By the code of a refusal; 400 for the others."""
_MAX_QUERY_CHARS = 200
_MAX_BODY_BYTES = 1 << 20


def collection_part(collection: Collection, admin: Admin) -> "Part":
    """The part of the page that shows and changes the collection."""
    return lambda app: _add(app, CollectionAdmin(collection), admin)


def _add(app: "FastAPI", work: CollectionAdmin, admin: Admin) -> None:
    from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect
    from starlette.routing import Route

    def answering(
        handler: "Callable[[Request], Awaitable[object]]",
    ) -> "Callable[[Request], Awaitable[Response]]":
        async def endpoint(request: "Request") -> "Response":
            try:
                admin.check(request)
                return answer_json(await handler(request))
            except HTTPException as error:
                return answer_json({"error": str(error.detail)}, status=error.status_code)
            except RefusedError as error:
                status = _STATUS.get(error.code, 400)
                return answer_json({"error": str(error), "code": error.code}, status=status)
            except TooLongError as error:
                return answer_json({"error": str(error)}, status=413)
            except UsageError as error:
                return answer_json({"error": str(error)}, status=400)
            except UnusableIndexError as error:
                return answer_json({"error": str(error)}, status=503)
            except OSError as error:
                told = f"the disk refused: {error.strerror or error}"
                return answer_json({"error": told, "code": "disk"}, status=507)
            except ClientDisconnect:
                return answer_json({"error": "the upload was broken off"}, status=400)

        return endpoint

    def reading(path: str, read: "Callable[[Request], object]") -> None:
        async def handler(request: "Request") -> object:
            return await run_in_threadpool(read, request)

        add(path, handler, methods=["GET"])

    def add(
        path: str, handler: "Callable[[Request], Awaitable[object]]", *, methods: list[str]
    ) -> None:
        endpoint = answering(handler)
        app.router.routes.append(Route(f"/api/collection{path}", endpoint, methods=methods))

    def overview(_: "Request") -> object:
        table = work.table()
        return {
            "generation": table.generation,
            "counts": {**table.counts(), "quarantined": work.quarantined()},
            "facets": table.facets(),
            "suffixes": sorted(SUFFIXES),
            "max_file_bytes": work.uploads.max_bytes,
            "job": work.job(brief=True),
        }

    async def job(_: "Request") -> object:
        return {"job": work.job()}

    async def upload(request: "Request") -> object:
        uploads = work.uploads
        name = request.query_params.get("name", "")
        replace = request.query_params.get("replace") == "true"
        stated = request.headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > uploads.max_bytes:
            raise RefusedError(
                "size", f"it is larger than {uploads.max_bytes >> 20} MB (max_file_mb)"
            )
        receiving = contextmanager_in_threadpool(uploads.receiving(name, replace=replace))
        async with receiving as arriving:
            async for piece in request.stream():
                # Not in the loop that serves everybody else.
                await run_in_threadpool(arriving.write, piece)
            return {"name": arriving.name}

    async def removal(request: "Request") -> object:
        asked = await read_object(request, max_bytes=_MAX_BODY_BYTES)
        return await run_in_threadpool(work.removal, _texts(asked, "ids"), _texts(asked, "files"))

    async def start(request: "Request") -> object:
        asked = await read_object(request, max_bytes=_MAX_BODY_BYTES)
        try:
            kind = Kind(asked.get("kind", ""))
        except ValueError:
            raise UsageError(f"kind must be one of {', '.join(Kind)}") from None
        ids, files = _texts(asked, "ids"), _texts(asked, "files")
        return {"id": await run_in_threadpool(work.start, kind, ids=ids, files=files)}

    async def stop(request: "Request") -> object:
        asked = await read_object(request, max_bytes=_MAX_BODY_BYTES)
        work.stop(str(asked.get("id", "")))
        return {}

    add_page(app, "collection", prefixes=("collection_",))
    reading("", overview)
    reading("/articles", lambda request: work.table().page(_query(request)))
    reading("/duplicates", lambda _: work.table().duplicates())
    reading("/quarantine", lambda _: {"files": work.quarantine()})
    reading("/generations", lambda _: {"generations": work.generations()})
    add("/job", job, methods=["GET"])
    add("/jobs", start, methods=["POST"])
    add("/jobs/stop", stop, methods=["POST"])
    add("/removal", removal, methods=["POST"])
    add("/uploads", upload, methods=["POST"])


def _query(request: "Request") -> Query:
    """Read what the table is asked for; raises UsageError."""
    given = request.query_params
    text = given.get("q", "")
    if len(text) > _MAX_QUERY_CHARS:
        raise UsageError(f"a search has {_MAX_QUERY_CHARS} characters at most")
    try:
        sort = Column(given.get("sort", Column.PATH))
        page, size = int(given.get("page", "1")), int(given.get("size", PAGE_SIZES[0]))
    except ValueError:
        raise UsageError("sort must name a column, page and size must be numbers") from None
    if page < 1 or size not in PAGE_SIZES:
        raise UsageError(f"page must be 1 or more, size one of {PAGE_SIZES}")
    return Query(
        text=text,
        source=given.get("source", ""),
        language=given.get("language", ""),
        tag=given.get("tag", ""),
        sort=sort,
        descending=given.get("order") == "desc",
        page=page,
        size=size,
    )


def _texts(asked: Mapping[str, Any], name: str) -> list[str]:
    values = asked.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UsageError(f"{name} must be a list of texts")
    return values
