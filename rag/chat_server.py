"""A language model behind a server that speaks the OpenAI API: messages out, drafts back.

vLLM, SGLang, Ollama, llama.cpp, ``transformers serve`` and clouds alike answer
``POST URL/chat/completions``. Of the model behind it we know its name only: neither its tokenizer
nor its context, so tokens are estimated and control tokens are broken by their looks.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from index.errors import RemoteError
from index.http import Server, read_spec
from rag.config import ModelConfig
from rag.generate import Draft, GeneratorError, NoAnswerError, Task
from rag.prompts import PROMPT_VERSION, Prompt, fitting_prompt
from rag.written import CutShortError, drafts

__all__ = ["KEY_VARIABLES", "ChatServerGenerator", "estimate_tokens", "open_chat_server"]

KEY_VARIABLES = ("YOUJU_CHAT_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first that is set wins."""

_CONNECT_S = 20.0
_ATTEMPTS = 3
# A server that does not heed max_tokens is not read to its end: no token is longer than a word.
_CHARS_A_TOKEN = 16
_WORD = re.compile(r"[A-Za-z0-9]+")


def open_chat_server(
    spec: str, *, environment: Mapping[str, str] | None, timeout_s: float, attempts: int
) -> tuple[Server, str]:
    """Open the server that ``openai:URL#MODEL`` names; nothing is sent yet.

    Returns:
        The server and the model's name.

    Raises:
        UsageError: the spec is malformed.
    """
    url, model = read_spec(spec, what="chat")
    server = Server(
        f"{url}/chat/completions",
        what="chat",
        model=model,
        key_variables=KEY_VARIABLES,
        environment=os.environ if environment is None else environment,
        timeout_s=timeout_s,
        attempts=attempts,
    )
    return server, model


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: most tokenizers need fewer.

    >>> estimate_tokens("工行 opened 3 branches.")
    8
    """
    words = 0
    chars = 0
    for match in _WORD.finditer(text):
        words += 1 + (len(match.group()) - 1) // 4
        chars += len(match.group())
    return words + len(text) - chars - text.count(" ")


class ChatServerGenerator:
    """A generator behind ``openai:URL#MODEL``, read as it is streamed."""

    def __init__(
        self, spec: str, *, config: ModelConfig, environment: Mapping[str, str] | None = None
    ) -> None:
        """Read the address; nothing is sent yet.

        Raises:
            UsageError: the spec is malformed.
        """
        self.name = f"{spec} (prompt {PROMPT_VERSION})"
        self._config = config
        self._server, self._model = open_chat_server(
            spec,
            environment=environment,
            timeout_s=min(_CONNECT_S, config.deadline_s),
            attempts=_ATTEMPTS,
        )

    def drafts(self, task: Task) -> Iterator[Draft]:
        """Write the answer, each sentence as soon as it is complete.

        Raises:
            GeneratorError: the server is away, too slow, or does not answer as it should.
            NoAnswerError: the model says that the passages do not answer the question.
            UsageError: the server refuses the key, or knows no such address or model.
        """
        if not task.passages:
            raise NoAnswerError("there is no passage to answer from")
        config = self._config
        prompt = fitting_prompt(
            task,
            budget=config.context_tokens,
            # What the server's model can hold we do not know: the passages' budget decides.
            room=2**63,
            count=estimate_tokens,
            measure=lambda prompt: estimate_tokens(prompt.system + prompt.user),
            seed=config.seed,
        )
        yield from drafts(self._pieces(prompt), prompt.cited, question=task.question.searched)

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()

    def _pieces(self, prompt: Prompt) -> Iterator[str]:
        config = self._config
        server = self._server
        body = {
            "model": self._model,
            "messages": prompt.messages,
            "stream": True,
            "max_tokens": config.max_tokens,
            "temperature": config.temperature,
            "seed": config.seed,
        }
        left = config.max_tokens * _CHARS_A_TOKEN
        finished = None
        try:
            with closing(server.stream(body, deadline_s=config.deadline_s)) as events:
                for event in events:
                    text, ended = _said(event, server.url)
                    finished = ended or finished
                    yield text[:left]
                    left -= len(text)
                    if left < 0:
                        raise CutShortError
        except RemoteError as error:
            raise GeneratorError(str(error)) from error
        if finished == "length":
            raise CutShortError
        if finished is None:
            raise GeneratorError(
                f"the chat server {server.url} broke off in the middle of its answer"
            )
        if finished == "content_filter":
            raise GeneratorError(f"a filter of the chat server {server.url} stopped the answer")


def _said(event: dict[str, Any], url: str) -> tuple[str, str | None]:
    """The text of an event and why the answer ended, where it did.

    Reasoning that a server takes out of the text comes in a field of its own, and is left there.
    """
    try:
        choices = event["choices"]
        if not choices:
            return "", None  # a count of tokens, or a sign of life
        choice = choices[0]
        message = choice["delta"] if "delta" in choice else choice["message"]
        content = (message or {}).get("content") or ""
        finished = choice.get("finish_reason")
        called = (message or {}).get("tool_calls")
    except (TypeError, LookupError, AttributeError) as error:
        raise GeneratorError(f"{url} did not answer as a chat server does ({error!r})") from error
    if called or finished in ("tool_calls", "function_call"):
        raise GeneratorError(f"the model behind {url} asked for a tool instead of answering")
    if not isinstance(content, str):
        raise GeneratorError(f"{url} answered without a text")
    return content, finished if isinstance(finished, str) else None
