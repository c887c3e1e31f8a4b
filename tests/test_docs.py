"""The documentation against the program: commands, options, settings and the tree."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from index.ingest import SUFFIXES
from rag.config import Config, load_config
from rag.schema import Answer, Citation
from ui.cli import app
from ui.config import PageConfig

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
# A command of a group goes by both names: "eval run".
COMMANDS = {
    f"{name} {inner}" if inner else name: command
    for name, group in app.commands.items()
    for inner, command in (getattr(group, "commands", None) or {"": group}).items()
}


def options(command) -> set[str]:
    return {name for p in COMMANDS[command].params for name in (*p.opts, *p.secondary_opts)}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_in_the_guide(command):
    assert f"youju {command}" in GUIDE
    long = {name for name in options(command) if name.startswith("--") and name != "--no-open"}
    assert {name for name in long if f"{name}" not in GUIDE} == set()


@pytest.mark.parametrize("page", [README, GUIDE], ids=["README", "guide"])
def test_every_documented_command_exists(page):
    used = re.findall(r"youju ((?:(?:eval|curated) )?[\w-]+)((?:[^\n`|#]*?)?)(?=[`|#\n])", page)
    found = [(command, rest) for command, rest in used if command in COMMANDS]
    assert len(found) > 5
    for command, rest in found:
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= options(command), (command, rest)


def test_every_make_target_in_the_docs_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", README + GUIDE, re.MULTILINE)) <= targets


def test_the_documented_settings_are_the_defaults(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "youju.toml"
    path.write_text(block, encoding="utf-8")
    assert load_config(path) == Config()
    documented = {section: set(keys) for section, keys in tomllib.loads(block).items()}
    page = dataclasses.asdict(PageConfig())
    del page["admin_token"]  # from the environment alone
    assert tomllib.loads(block)["page"] == page
    assert documented == {
        section: set(keys)
        for section, keys in {**dataclasses.asdict(Config()), "page": page}.items()
    }


def test_the_documented_suffixes_are_read():
    rows = re.findall(r"^\| (`\..*?) \|", GUIDE, re.MULTILINE)
    assert {s for row in rows for s in re.findall(r"`(\.\w+)`", row)} == SUFFIXES


def test_the_json_form_is_documented():
    form = GUIDE[GUIDE.index("`schema_version") : GUIDE.index("timings_ms`")] + "timings_ms"
    names = set(re.findall(r"\w+", form))
    assert {f.name for f in dataclasses.fields(Answer)} <= names
    assert {f.name for f in dataclasses.fields(Citation)} <= names


def test_the_tree_names_every_module():
    tree = README[README.index("## The tree") : README.index("Imports point one way")]
    missing = [
        str(path.relative_to(ROOT))
        for package in ("index", "rag", "eval", "ui")
        for path in (ROOT / package).glob("*.py")
        if path.name != "__init__.py" and path.name not in tree
    ]
    assert missing == []
    formats = {p.stem for p in (ROOT / "index" / "formats").glob("*.py")} - {"__init__", "parsed"}
    assert [name for name in formats if name not in tree] == []


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
