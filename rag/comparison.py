"""The sides of a comparison: a question in, the places in it that stand for one side each out.

Sides are known names that a joining word alone parts (工行和建行的…), or what a question that
asks for a difference puts side by side (U盾和短信验证码有什么区别).
"""

import re
from collections.abc import Sequence

from index.fold import fold

__all__ = ["compared_in", "joined_names", "sides_of"]

Places = Sequence[tuple[int, int]]

_JOINED = re.compile(
    r"\s*(?:和|与|與|跟|同|及|以及|还是|還是|、|,|，|\bvs\.?|\bversus\b|\band\b|\bor\b|\bwith\b)\s*",
    re.I,
)
# On folded text. A side has no 的: of 江湾银行的手机银行和网上银行 the first would be half a name.
_SIDE = r"(?!请问|比较|对比)[^\s，。？?！!,、:的]{1,16}?"
_COMPARED = (
    re.compile(
        rf"(?:^|[\s，,:])(?:请问|(?:请你?)?(?:比较|对比)一?下?)?(?P<one>{_SIDE})\s*(?:和|与|跟|、|还是|比起)\s*"
        rf"(?P<other>{_SIDE})\s*(?:之间|相比|比较|两者)?"
        r"(?:的|有(?:什么|何|哪些|啥)|哪[个家款种]|谁更|(?:区别|不同|差异|差别)|$)"
    ),
    re.compile(
        r"\bdifferences? between (?:an? |the )?(?P<one>[^?,]{2,40}?) and (?:an? |the )?"
        r"(?P<other>[^?,]{2,40}?)(?=[?.,!]|$)"
    ),
    re.compile(
        r"\b(?:compare (?:an? |the )?(?P<one>[^?,]{2,40}?) (?:and|with|to)"
        r"|how (?:do|does|is|are) (?:an? |the )?(?P<subject>[^?,]{2,40}?) "
        r"(?:differ(?:ent)? from|compared? (?:to|with))) (?:an? |the )?"
        r"(?P<other>[^?,]{2,40}?)(?=[?.,!]|$)"
    ),
    re.compile(r"^(?P<one>[^?,:]{2,40}?) (?:vs\.?|versus) (?P<other>[^?,:]{2,40}?)(?=[?.,:!]|$)"),
)


_AGAINST = re.compile(r" to | differ(?:ent)? from | compared? (?:to|with) |比起")


def joined_names(question: str, names: Places) -> tuple[tuple[int, int], ...]:
    """Find the first names between which nothing but a joining word stands; () for fewer than two.

    >>> joined_names("工行和建行的手机银行有什么不同", [(0, 2), (3, 5)])
    ((0, 2), (3, 5))
    """
    run: list[tuple[int, int]] = []
    for span in sorted(names):
        if not run or _JOINED.fullmatch(question[run[-1][1] : span[0]]):
            run.append(span)
        elif len(run) > 1:
            break
        else:
            run = [span]
    return tuple(run) if len(run) > 1 else ()


def compared_in(question: str) -> tuple[tuple[int, int], ...]:
    """Find the things that a question for a difference puts side by side; () for none.

    >>> question = "U盾、手机盾和短信验证码有什么区别？"
    >>> [question[a:b] for a, b in compared_in(question)]
    ['U盾', '手机盾', '短信验证码']
    """
    folded = fold(question)
    for pattern in _COMPARED:
        if found := pattern.search(folded):
            start = max(found.start(name) for name in found.groupdict() if name != "other")
            return _parted(folded, start, found.end("other"))
    return ()


def _parted(folded: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Cut at the joining words; () where what is left could not be told apart."""
    borders = [match.span() for match in _JOINED.finditer(folded, start, end)]
    borders += [match.span() for match in _AGAINST.finditer(folded, start, end)]
    sides: list[tuple[int, int]] = []
    for first, last in [*sorted(borders), (end, end)]:
        side = folded[start:first]
        start += len(side) - len(re.sub(r"^(?:an?|the) ", "", side))
        sides.append((start, first))
        start = last
    names = {folded[a:b] for a, b in sides}
    return tuple(sides) if len(names) == len(sides) and all(len(n) > 1 for n in names) else ()


def sides_of(question: str, run: Places) -> tuple[str, ...]:
    """Write the question for each side, the others left out.

    >>> sides_of("工行和建行的手机银行有什么不同", [(0, 2), (3, 5)])
    ('工行的手机银行有什么不同', '建行的手机银行有什么不同')
    """
    if not run:
        return ()
    before, after = question[: run[0][0]], question[run[-1][1] :]
    return tuple(f"{before}{question[start:end]}{after}" for start, end in run)
