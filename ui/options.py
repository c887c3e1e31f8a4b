"""Options that several commands of the terminal share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag.answer import Asker

__all__ = ["FILE", "INDEX", "config_option", "generator_option", "index_option", "open_asker"]

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
generator_option = click.option(
    "--generator",
    metavar="SPEC",
    help="Who writes: extractive, transformers:NAME or openai:URL#MODEL.",
)


@contextmanager
def open_asker(
    index: Path, config: Path | None, *, generator: str | None = None
) -> Iterator["Asker"]:
    """The index, open for as long as a command needs it.

    ``generator`` takes the place of the one in the settings.
    """
    from index.search import open_index
    from rag.answer import Asker
    from rag.config import load_config, with_generator

    settings = with_generator(load_config(config), generator)
    with open_index(index) as opened:
        yield Asker(opened, config=settings)
