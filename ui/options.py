"""Options that several commands of the terminal share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.errors import UsageError

if TYPE_CHECKING:
    from rag.answer import Asker
    from rag.config import Config

__all__ = ["FILE", "INDEX", "config_option", "index_option", "open_asker"]

INDEX = Path("var/index")
FILE = click.Path(path_type=Path)
index_option = click.option(
    "--index",
    type=FILE,
    default=INDEX,
    show_default=True,
    envvar="YOUJU_INDEX",
    help="Folder of the index.",
)
config_option = click.option("--config", type=FILE, help="TOML file of settings.")


@contextmanager
def open_asker(
    index: Path, config: Path | None, *, generator: str | None = None
) -> Iterator["Asker"]:
    """The index, open for as long as a command needs it.

    ``generator`` takes the place of the one in the settings.

    Raises:
        UsageError: there is no such generator.
    """
    from index.search import open_index
    from rag.answer import Asker
    from rag.config import load_config

    settings = load_config(config)
    if generator is not None:
        settings = _with_generator(settings, generator)
    with open_index(index) as opened:
        yield Asker(opened, config=settings)


def _with_generator(settings: "Config", name: str) -> "Config":
    import dataclasses

    # Until there is a choice, the one generator has no setting.
    if "generator" not in {field.name for field in dataclasses.fields(settings.answer)}:
        if name != "extractive":
            raise UsageError(f"there is no generator {name!r}; known: extractive")
        return settings
    chosen: dict[str, Any] = {"generator": name}
    return dataclasses.replace(settings, answer=dataclasses.replace(settings.answer, **chosen))
