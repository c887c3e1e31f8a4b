"""Which language model writes the answers: a spec in, a generator out."""

from index.errors import UsageError
from rag.chat_server import ChatServerGenerator
from rag.config import ModelConfig
from rag.generate import Generator
from rag.local_model import LocalModelGenerator

__all__ = ["open_generator"]


def open_generator(spec: str, model: ModelConfig) -> Generator:
    """Open the language model that a spec names; nothing is loaded or sent yet.

    ``transformers:NAME_OR_FOLDER`` is a chat model on this machine, ``openai:URL#MODEL`` one
    behind a server.

    Raises:
        UsageError: the spec is malformed.
    """
    kind, _, name = spec.partition(":")
    if kind == "openai":
        return ChatServerGenerator(spec, config=model)
    if kind == "transformers" and name.strip():
        return LocalModelGenerator(name.strip(), config=model)
    raise UsageError(
        f"{spec!r} names no generator; write extractive, transformers:NAME with the folder or hub "
        "name of a chat model, or openai:URL#MODEL"
    )
