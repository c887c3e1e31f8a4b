"""Who may change the collection and read the log of the page.

In: a request. Out: nothing, or an HTTPException that says what is missing. With a token set, it
is needed everywhere. Without one all is open to this machine and shut to every other, also to
those for whom a proxy on this machine asks.
"""

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Admin"]

_PROXY_HEADERS = ("forwarded", "via", "x-real-ip")  # and all that begin with x-forwarded-


class Admin:
    """Lets administrators pass. ``is_local``: the page listens where only this machine reaches."""

    def __init__(self, token: str, *, is_local: bool) -> None:
        self._token = token
        self._is_local = is_local

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a token: the page is for this machine alone."""
        return self._is_local and not self._token

    def check(self, request: "Request") -> None:
        """Let a request pass.

        Raises:
            HTTPException: 401 without the right ``Authorization: Bearer TOKEN``; 403 where there
                is no token and the page can be reached from elsewhere, or a proxy passed it on.
        """
        from fastapi import HTTPException

        if not self._token:
            if not self._is_local or _was_passed_on(request):
                raise HTTPException(403, "off: set YOUJU_ADMIN_TOKEN to administer from elsewhere")
            return
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        # Bytes: the comparison takes no text beyond ASCII, which tokens do not hold (ui.config).
        right = hmac.compare_digest(given.strip().encode(), self._token.encode())
        if kind.lower() != "bearer" or not right:
            raise HTTPException(401, "an administrator's token is needed")


def _was_passed_on(request: "Request") -> bool:
    """Tell whether a proxy says that it asks for another; anybody may say so, to their loss."""
    return any(
        name in _PROXY_HEADERS or name.startswith("x-forwarded-") for name in request.headers
    )
