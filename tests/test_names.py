"""The four generic package names resolve to this checkout, wherever Python is started."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = (
    "torch",
    "sentence_transformers",
    "transformers",
    "faiss",
    "gradio",
    "fastapi",
    "tantivy",
    "numpy",
)


def run(code: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["index", "rag", "ui", "eval"])
def test_name_is_this_checkout(name, tmp_path):
    found = run(f"import importlib; print(importlib.import_module('{name}').__file__)", tmp_path)
    assert Path(found.strip()) == ROOT / name / "__init__.py"


@pytest.mark.parametrize("module", ["ui.cli", "rag.schema", "index", "rag", "ui", "eval"])
def test_import_is_light(module, tmp_path):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run(code, tmp_path).strip() == "[]"


def test_help_imports_nothing_heavy(tmp_path):
    code = (
        "import sys\nfrom ui.cli import main\nsys.argv = ['youju', '--help']\n"
        f"try: main()\nexcept SystemExit: print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert run(code, tmp_path).splitlines()[-1] == "[]"
