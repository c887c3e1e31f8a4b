"""Read a TOML file that a person may have written: a path in, its tables out."""

import tomllib
from pathlib import Path
from typing import Any

from index.errors import UsageError

__all__ = ["read_toml"]


def read_toml(path: Path, what: str, *, encoding: str = "utf-8") -> dict[str, Any]:
    """Read a file; ``what`` says in an error what it should have been, such as "aliases".

    ``encoding`` is ``utf-8-sig`` for a file that may begin with a byte order mark.

    Raises:
        UsageError: the file cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding=encoding))
    except OSError as error:
        raise UsageError(f"cannot read the {what} {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
