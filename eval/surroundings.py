"""What a run was made with: the commit, versions of packages, the machine. No input, plain values
out; where something cannot be told it is None.
"""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["commit", "hardware", "versions"]

_PACKAGES = ("youju", "numpy", "faiss-cpu", "tantivy", "opencc", "tokenizers", "sentencepiece")
_ROOT = Path(__file__).parents[1]
_GIT_TIMEOUT_S = 10


def commit() -> tuple[str | None, bool | None]:
    """The commit that is checked out, and whether the tree is as it says."""
    name = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain")
    return (name or None), (None if changes is None or not name else not changes)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide an answer."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """The machine: processor, cores that may be used, memory, platform."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": _memory_gb(),
        "platform": platform.platform(),
    }


def _processor() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or None)


def _memory_gb() -> float | None:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
    return round(total / 2**30, 1)


def _git(*arguments: str) -> str | None:
    git = shutil.which("git")
    # Not the repository that an installed copy happens to lie in.
    if git is None or not (_ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            [git, "-C", str(_ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
