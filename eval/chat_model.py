"""Ask a language model for JSON: an instruction and data in, an object out, kept by content.

What was asked once of a model is never paid for again: replies lie in a folder under the hash of
everything that decided them. Calls, tokens and failures are counted. Data go to the model as JSON
in a fence that nothing inside can close.
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from index.errors import RemoteError
from rag.chat_server import open_chat_server

__all__ = ["ChatModel", "Usage", "read_prompt"]

_PROMPTS = Path(__file__).with_name("prompts")
_TIMEOUT_S = 120.0
_ATTEMPTS = 4
_MAX_TOKENS = 2000
_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)
_UNUSABLE = (KeyError, TypeError, ValueError)
_T = TypeVar("_T")
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(slots=True)
class Usage:
    """What a model was asked. ``failures`` are replies that could not be used, or that never came;
    tokens are what the server says, for calls that were made now.
    """

    calls: int = 0
    cached: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def to_json(self) -> dict[str, int]:
        """The counts as plain values."""
        return asdict(self)


class ChatModel:
    """A model behind ``openai:URL#MODEL``. Safe to share by threads."""

    def __init__(
        self, spec: str, *, cache: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Read the address; nothing is sent yet.

        Raises:
            UsageError: the spec is malformed.
        """
        self.usage = Usage()
        self._cache = cache
        self._counting = threading.Lock()
        self._server, self.name = open_chat_server(
            spec, environment=environment, timeout_s=_TIMEOUT_S, attempts=_ATTEMPTS
        )

    def ask(
        self,
        instruction: str,
        data: Any,  # noqa: ANN401 - any JSON value
        *,
        read: Callable[[Mapping[str, Any]], _T],
    ) -> _T:
        """Ask for a JSON object, and take out of it what was asked for.

        ``read`` raises KeyError, TypeError or ValueError for an object that is another. Such a
        reply is not kept: asked again, the model may do better.

        Raises:
            RemoteError: the server is away, or the reply is not what was asked for.
            UsageError: the server refuses the key or the model.
        """
        body = {
            "model": self.name,
            "temperature": 0,
            "max_tokens": _MAX_TOKENS,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": _fenced(data)},
            ],
        }
        key = hashlib.sha256(
            json.dumps([self._server.url, body], sort_keys=True).encode("utf-8", "replace")
        ).hexdigest()
        path = self._cache / key[:2] / f"{key}.json"
        if (kept := _kept(path)) is not None:
            with contextlib.suppress(*_UNUSABLE):
                value = read(kept)
                self._count(cached=1)
                return value
        try:
            reply = self._server.post(body)
            given = _object_in(reply)
        except RemoteError:
            self._count(calls=1, failures=1)
            raise
        spent = reply.get("usage") or {}
        self._count(
            calls=1,
            prompt_tokens=_whole(spent.get("prompt_tokens")),
            completion_tokens=_whole(spent.get("completion_tokens")),
        )
        try:
            value = read(given)
        except _UNUSABLE as error:
            self.count_failure()
            reason = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise RemoteError(f"the model's reply is not what was asked for: {reason}") from error
        _keep(path, given)
        return value

    def count_failure(self) -> None:
        """Count a reply, or a part of one, that was not what was asked for."""
        self._count(failures=1)

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()

    def _count(self, **more: int) -> None:
        with self._counting:
            for name, count in more.items():
                setattr(self.usage, name, getattr(self.usage, name) + count)


def read_prompt(name: str) -> str:
    """The instruction of this name in ``eval/prompts``."""
    return (_PROMPTS / f"{name}.txt").read_text(encoding="utf-8")


def _fenced(data: Any) -> str:  # noqa: ANN401 - any JSON value
    # "<" written as an escape: nothing in the data can close the fence.
    text = json.dumps(data, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    return f"<data>\n{text}\n</data>"


def _object_in(reply: Mapping[str, Any]) -> dict[str, Any]:
    """The one JSON object of a reply; what a model puts around it (thoughts, a fence) is cut."""
    try:
        said = reply["choices"][0]["message"]["content"]
    except (TypeError, LookupError) as error:
        raise RemoteError(f"the chat server did not answer as one does ({error!r})") from error
    found = _OBJECT.search(_THINKING.sub("", said)) if isinstance(said, str) else None
    if found is None:
        raise RemoteError("the model's reply holds no JSON object")
    try:
        given = json.loads(found[0])
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"the model's reply holds no JSON object ({error})") from error
    return dict(given)


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _keep(path: Path, given: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two threads may have asked the same; each writes its own file, and a rename is whole.
    fresh = path.with_suffix(f".{threading.get_ident()}.tmp")
    fresh.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
