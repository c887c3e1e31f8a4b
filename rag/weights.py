"""Read a file of weights: a TOML table ``[weights]`` with a number for each feature."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from index.errors import UsageError
from index.toml_file import read_toml

__all__ = ["read_weights"]


@cache
def read_weights(path: Path, features: Sequence[str]) -> Mapping[str, float]:
    """Read the weights of ``features``; one that is left out weighs nothing.

    Raises:
        UsageError: the file is missing or not TOML, or names a feature that there is not.
    """
    table = read_toml(path, "weights").get("weights", {})
    if unknown := sorted(set(table) - set(features)):
        raise UsageError(f"{path}: unknown feature {unknown[0]!r}; known: {', '.join(features)}")
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{path}: {name} must be a number, not {value!r}")
    return {name: float(value) for name, value in table.items()}
