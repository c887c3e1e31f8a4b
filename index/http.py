"""Ask a server over HTTP: JSON out, JSON back, tried again where that helps.

What `index.remote` (embeddings) and whoever talks to a chat server share: reading a spec, taking
the key from the environment, waiting and trying again, and an error that says what to do. The key
is shown nowhere and travels to no other host.
"""

import logging
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import RemoteError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["Server", "read_spec"]

_SPEC = re.compile(r"openai:(?P<url>https?://[^#\s]+?)/?#(?P<model>\S+)")
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0
_WORTH_RETRYING = {408, 409, 425, 429, 500, 502, 503, 504}
_log = logging.getLogger(__name__)


def read_spec(spec: str, *, what: str) -> tuple[str, str]:
    """Take ``openai:URL#MODEL`` apart; ``what`` says in an error which server is meant.

    >>> read_spec("openai:http://127.0.0.1:8080/v1/#bge-m3", what="embeddings")
    ('http://127.0.0.1:8080/v1', 'bge-m3')

    Raises:
        UsageError: the spec is malformed.
    """
    parts = _SPEC.fullmatch(spec)
    if parts is None:
        raise UsageError(
            f"{spec!r} names no {what} server; write openai:URL#MODEL, such as "
            "openai:http://127.0.0.1:8080/v1#bge-m3"
        )
    return parts["url"], parts["model"]


class Server:
    """One address of an OpenAI-compatible server. Safe to share by threads."""

    def __init__(
        self,
        url: str,
        *,
        what: str,
        model: str,
        key_variables: Sequence[str],
        environment: Mapping[str, str],
        timeout_s: float,
        attempts: int,
    ) -> None:
        """Prepare the connections; nothing is sent yet.

        ``what`` ("embeddings", "chat") and ``model`` are for the errors. The key is the first of
        ``key_variables`` that the environment holds.
        """
        import httpx

        self.url = url
        self._what = what
        self._model = model
        self._key_variable = key_variables[0]
        self._timeout_s = timeout_s
        self._attempts = attempts
        key = next((environment[name] for name in key_variables if environment.get(name)), None)
        # Redirects are not followed: the key must not travel to another host.
        self._client = httpx.Client(
            timeout=timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a body, trying again where a server asks for it or was away for a moment.

        Returns:
            The JSON object of the answer.

        Raises:
            UsageError: the server refuses the key, or knows no such address or model.
            RemoteError: it cannot be reached, is busy for too long, or answers with no JSON.
        """
        import httpx

        wait = _FIRST_WAIT_S
        for attempt in range(1, self._attempts + 1):
            try:
                response = self._client.post(self.url, json=body)
            except httpx.TimeoutException:
                problem = f"did not answer within {self._timeout_s:g} s"
            except httpx.HTTPError as error:
                problem = f"cannot be reached ({type(error).__name__})"
            else:
                if response.status_code not in _WORTH_RETRYING:
                    return self._content(response)
                problem = f"answered with status {response.status_code}"
                wait = max(wait, _asked_wait(response))
            if attempt < self._attempts:
                _log.warning("%s %s; trying again in %.1f s", self.url, problem, wait)
                time.sleep(min(wait, _LONGEST_WAIT_S))
                wait *= 2
        raise RemoteError(
            f"the {self._what} server {self.url} {problem}, {self._attempts} times in a row; see "
            "that it runs, then try again"
        )

    def _content(self, response: "httpx.Response") -> dict[str, Any]:
        status = response.status_code
        if status in (401, 403):
            raise UsageError(
                f"the {self._what} server {self.url} refused the key (status {status}); put the "
                f"right one into the environment variable {self._key_variable}"
            )
        if status == 404:
            raise UsageError(
                f"the {self._what} server has no {self.url}, or no model {self._model!r}; "
                "check both"
            )
        if status != 200:
            detail = response.text[:200].replace("\n", " ")
            raise RemoteError(
                f"the {self._what} server {self.url} answered with status {status}: {detail}"
            )
        try:
            return dict(response.json())
        except (ValueError, TypeError) as error:
            article = "an" if self._what[0] in "aeiou" else "a"
            raise RemoteError(
                f"{self.url} did not answer as {article} {self._what} server does ({error!r})"
            ) from error


def _asked_wait(response: "httpx.Response") -> float:
    """How long the server asks to wait, in seconds; 0 where it does not say."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
