"""The pins and what must never come in: known holes, packages that break others, unsafe calls."""

import ast
import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(
    re.findall(
        r"^([A-Za-z0-9_.-]+)==([^\s;]+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    )
)
PINS = {name.lower().replace("_", "-"): version for name, version in PINS.items()}
ASKED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
SOURCES = [p for name in ("index", "rag", "eval", "ui") for p in (ROOT / name).rglob("*.py")]


def number(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", version.split("+")[0])]
    return tuple(parts + [0] * (4 - len(parts)))


def name_of(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("requirement", ASKED, ids=name_of)
def test_every_requirement_is_pinned_within_its_bounds(requirement):
    pin = number(PINS[name_of(requirement)])
    for operator, bound in re.findall(r"(>=|<)\s*([\d.]+)", requirement):
        assert pin >= number(bound) if operator == ">=" else pin < number(bound)


@pytest.mark.parametrize(
    ("package", "floor"),
    [
        ("transformers", "5.3.0"),  # CVE-2026-4372: code run from a model's config.json
        ("gradio", "6.31.0"),  # CVE-2026-28414, CVE-2026-28416, CVE-2026-48545 and others
        ("python-multipart", "0.0.27"),  # CVE-2026-40347, CVE-2026-42561
        ("starlette", "1.0.1"),  # CVE-2026-48710: the Host header
        ("faiss-cpu", "1.15.1"),  # readers that check what they read
    ],
)
def test_floors_keep_known_holes_out(package, floor):
    (requirement,) = [r for r in ASKED if name_of(r) == package]
    (bound,) = re.findall(r">=\s*([\d.]+)", requirement)
    assert number(bound) >= number(floor)


@pytest.mark.parametrize(
    "package",
    [
        "torchvision",  # breaks every import of transformers beside a CPU build of torch
        "optimum-onnx",  # what sentence-transformers[onnx] asks for: cannot be resolved with 6.x
        "mcp",  # what gradio[mcp] asks for: takes pydantic back
        "ftfy",  # rewrites Chinese punctuation
        "opencc-python-reimplemented",  # installs a module of the same name as OpenCC's
        "pymupdf",  # AGPL
        "litellm",
    ],
)
def test_packages_that_break_others_stay_out(package):
    assert package not in PINS
    assert package not in {name_of(d.metadata["Name"]) for d in distributions()}
    assert package not in {name_of(requirement) for requirement in ASKED}


def test_no_extra_of_another_package_is_asked_for():
    assert [r for r in ASKED if "[" in r] == []


def test_torch_stays_at_the_version_with_a_small_build():
    assert PINS["torch"] == "2.13.0"


def calls(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pickle_no_fork_no_code_from_data(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
        )
    }
    # A fork after any FAISS work hangs the child; multiprocessing forks by default here.
    assert imported & {"pickle", "marshal", "shelve", "joblib", "dill", "multiprocessing"} == set()
    unsafe = {"eval", "exec", "os.fork", "os.system", "torch.load", "faiss.deserialize_index"}
    assert calls(tree) & unsafe == set()
    given = {
        (keyword.arg, ast.unparse(keyword.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    }
    assert (
        given
        & {
            ("allow_pickle", "True"),
            ("trust_remote_code", "True"),
            ("shell", "True"),
            ("errors", "'ignore'"),
        }
        == set()
    )
