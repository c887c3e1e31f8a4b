"""Fixtures shared by the tests: the sample collection and the seed articles, indexed once."""

import os
from pathlib import Path

import pytest

# Registered by name, so that its fixtures are there for every browser test.
pytest_plugins = ("ui_browser",)

ROOT = Path(__file__).parents[1]
ARTICLES = ROOT / "articles"
SEEDS = ROOT.parent / "shared" / "seeds"

os.environ["HF_HUB_OFFLINE"] = "1"
# As the program sets it (ui/cli.py): two workers with two threads each only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory):
    """The folder of an index of the sample collection."""
    return _build(ARTICLES, tmp_path_factory.mktemp("sample") / "index")


@pytest.fixture(scope="session")
def sample(sample_folder):
    """An asker over the sample collection."""
    yield from _asker(sample_folder)


@pytest.fixture(scope="session")
def seeds(tmp_path_factory):
    """An asker over the five seed articles; skips where they are not at hand."""
    if not SEEDS.is_dir():
        pytest.skip(f"the seed articles are not here: {SEEDS}")
    folder = tmp_path_factory.mktemp("seeds") / "index"
    _build(*sorted(SEEDS.glob("0*.txt")), folder)
    yield from _asker(folder)


def _build(*paths):
    from index.config import IndexConfig
    from index.sync import sync

    *sources, folder = paths
    sync(list(sources), folder, config=IndexConfig())
    return folder


def _asker(folder):
    from index.search import open_index
    from rag.answer import Asker
    from rag.config import Config

    with open_index(folder) as index:
        yield Asker(index, config=Config())
