"""The page's own settings: the ``[page]`` table of the settings file. They change no answer."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.errors import UsageError
from index.toml_file import read_toml
from rag.config import read_section

__all__ = ["ADMIN_TOKEN", "PageConfig", "load_page_config"]

ADMIN_TOKEN = "YOUJU_ADMIN_TOKEN"  # noqa: S105 - a name, no secret
"""The environment variable of the administrator's token: a secret has no place in a file."""

_BOUNDS = {"log_days": (1.0, 36_500.0)}


@dataclass(frozen=True, slots=True)
class PageConfig:
    """What the page keeps and where it hands questions on.

    ``log``: keep what was asked, answered and rated, masked, in ``INDEX-activity.sqlite`` beside
    the index. ``log_days``: how long, and how long packs that were handed over. ``handoff``: where
    a question goes that a person should take over: a folder, or the URL of a webhook; empty is the
    folder ``INDEX-handoff`` beside the index.
    ``admin_token`` comes from the environment alone; with one, changing the collection and
    reading the log need it.
    """

    log: bool = True
    log_days: int = 90
    handoff: str = ""
    admin_token: str = field(default="", repr=False)  # a repr ends in logs and tracebacks


def load_page_config(path: Path | None) -> PageConfig:
    """Read the ``[page]`` table of a settings file, and the token from the environment.

    Raises:
        UsageError: the file is missing, is not TOML, or the table holds what it should not; or
            the token holds what a browser cannot send in a header.
    """
    tables = read_toml(path, "configuration") if path else {}
    values = tables.get("page", {})
    if isinstance(values, dict) and "admin_token" in values:
        raise UsageError(f"{path} [page]: a token is a secret: set {ADMIN_TOKEN} instead")
    config = read_section(PageConfig, values, f"{path} [page]", bounds=_BOUNDS, choices={})
    token = os.environ.get(ADMIN_TOKEN, "").strip()
    if not token.isascii() or not token.isprintable():
        raise UsageError(f"{ADMIN_TOKEN}: letters, digits and signs of ASCII alone")
    return replace(config, admin_token=token)
