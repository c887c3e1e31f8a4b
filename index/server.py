"""A server that speaks the OpenAI API: one JSON body out over HTTP, one JSON answer back.

In: ``openai:URL#MODEL`` and a path such as ``embeddings``. Out: the decoded answer, after trying
again where a server asks for it or was away for a moment. The key comes from the environment and is
shown nowhere. What the body and the answer mean is the caller's to know.
"""

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import RemoteError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["ModelServer"]

_SPEC = re.compile(r"openai:(?P<url>https?://[^#\s]+?)/?#(?P<model>\S+)")
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0
_WORTH_RETRYING = {408, 409, 425, 429, 500, 502, 503, 504}
_log = logging.getLogger(__name__)


class ModelServer:
    """A model behind ``openai:URL#MODEL``, such as ``openai:http://127.0.0.1:8080/v1#bge-m3``."""

    def __init__(
        self,
        spec: str,
        path: str,
        *,
        what: str,
        keys: Sequence[str],
        timeout_s: float = 60.0,
        attempts: int = 5,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Name a server; nothing is sent yet.

        Args:
            spec: The address and the model.
            path: What is asked for, behind the address.
            what: What messages call it: "embeddings server".
            keys: Environment variables that may hold the key, the first that is set wins.
            timeout_s: How long an answer may take.
            attempts: How often a request is sent at most.
            environment: In place of the process's own, for tests.

        Raises:
            UsageError: The spec is malformed.
        """
        import httpx

        parts = _SPEC.fullmatch(spec)
        if parts is None:
            raise UsageError(
                f"{spec!r} names no {what}; write openai:URL#MODEL, such as "
                "openai:http://127.0.0.1:8080/v1#bge-m3"
            )
        self.url, self.model = f"{parts['url']}/{path}", parts["model"]
        self._what, self._keys = what, keys
        self._timeout_s, self._attempts = timeout_s, attempts
        known = os.environ if environment is None else environment
        key = next((known[name] for name in keys if known.get(name)), None)
        # Redirects are not followed: the key must not travel to another host.
        self._client = httpx.Client(
            timeout=timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def ask(self, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON is anything
        """Send one request and decode the answer; the model's name is added to the body.

        Raises:
            UsageError: The server refuses the key, or has no such model.
            RemoteError: The server cannot be reached or does not answer as it should.
        """
        import httpx

        wait = _FIRST_WAIT_S
        for attempt in range(1, self._attempts + 1):
            try:
                response = self._client.post(self.url, json={"model": self.model, **body})
            except httpx.TimeoutException:
                problem = f"did not answer within {self._timeout_s:g} s"
            except httpx.HTTPError as error:
                problem = f"cannot be reached ({type(error).__name__})"
            else:
                if response.status_code not in _WORTH_RETRYING:
                    return self._decoded(response)
                problem = f"answered with status {response.status_code}"
                wait = max(wait, _asked_wait(response))
            if attempt < self._attempts:
                _log.warning("%s %s; trying again in %.1f s", self.url, problem, wait)
                time.sleep(min(wait, _LONGEST_WAIT_S))
                wait *= 2
        raise RemoteError(
            f"the {self._what} {self.url} {problem}, {self._attempts} times in a row; see that it "
            "runs, then try again"
        )

    def _decoded(self, response: "httpx.Response") -> Any:  # noqa: ANN401
        status = response.status_code
        if status in (401, 403):
            raise UsageError(
                f"the {self._what} {self.url} refused the key (status {status}); put the "
                f"right one into the environment variable {self._keys[0]}"
            )
        if status == 404:
            raise UsageError(
                f"the {self._what} has no {self.url}, or no model {self.model!r}; check both"
            )
        if status != 200:
            detail = response.text[:200].replace("\n", " ")
            raise RemoteError(
                f"the {self._what} {self.url} answered with status {status}: {detail}"
            )
        try:
            return response.json()
        except ValueError as error:
            raise RemoteError(
                f"{self.url} did not answer as an {self._what} does ({error!r})"
            ) from error


def _asked_wait(response: "httpx.Response") -> float:
    """How long the server asks to wait, in seconds; 0 where it does not say."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
