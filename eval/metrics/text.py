"""Texts as answers are compared: folded into units, a Han character or a word each.

Width, case, script, white space and punctuation do not count. A number is one unit, so that 5 does
not stand in 15 seconds nor 3 in 3.5, and thousands separators are dropped.
"""

import re
from collections.abc import Sequence

from index.fold import fold

__all__ = ["contains", "units"]

# Han and kana, character by character; numbers; words of any other letters; signs that change
# what a number says.
_UNIT = re.compile(
    r"[\u3005-\u3007\u3041-\u3096\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)*(?!\d)"
    r"|\d+(?:\.\d+)*"
    r"|[^\W\d_\u3005-\u3007\u3041-\u3096\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
    r"|%"
)


def units(text: str) -> tuple[str, ...]:
    """Take a text apart.

    >>> units("滿意度 98.68％。")
    ('满', '意', '度', '98.68', '%')
    >>> units("The App's 1,234 users")
    ('the', 'app', 's', '1234', 'users')
    """
    found: list[str] = _UNIT.findall(fold(text))
    return tuple(unit.replace(",", "") for unit in found)


def contains(text: Sequence[str], part: Sequence[str]) -> bool:
    """Tell whether the units of ``part`` stand in those of ``text``, one after the other.

    >>> contains(units("等了15秒。"), units("5秒")), contains(units("等了5秒。"), units("５秒"))
    (False, True)
    """
    size = len(part)
    if not size:
        return False
    wanted = tuple(part)
    return any(tuple(text[at : at + size]) == wanted for at in range(len(text) - size + 1))
