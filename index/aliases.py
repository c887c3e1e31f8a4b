"""Names of one thing: a question that says 工行 is to be searched for 工商银行 and ICBC as well.

In: a file of groups of names (the shipped one, and one of the user's own), then a question. Out:
where the question says one of the names, and what else the same thing is called. It knows nothing
of the collection, and nothing of what is done with the names.

Chinese has no word borders, and 中行 also stands in 集中行动. So the question is cut into pieces in
the cheapest way, the names and a list of common words being the cheap pieces: 集中|行动 beats
集|中行|动, and 建行|业务 beats 建|行业|务. A name counts where the cheapest cut holds it, and where
a cut without it is as cheap it does not count.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.errors import UsageError
from index.fold import fold
from index.toml_file import read_toml

__all__ = ["AliasMatch", "Aliases", "variants"]

_SHIPPED = Path(__file__).with_name("aliases.toml")

# What a piece of a cut costs. A word that is known is the unit; a character that stands alone is
# half a word more, as hardly any content word of modern Chinese has one character; two characters
# of no list are most often a word that the list lacks, and cost a little less than apart.
_KNOWN, _ALONE, _UNKNOWN_PAIR = 10, 15, 24
# Characters that do stand alone: they cost what a word costs.
_PARTICLES = frozenset(
    "的地得在去到和是与了有从向对把被用给由于以及或跟比问查办请我你他她它您那这哪某该各每几"
    "吗呢啊吧上下里内外前后年月日时都也就还要能会可不没让等号如因但而则且若将已"
)
# These stand alone behind another one only: 审理中行使, 保证人行使, but not at the start in 中行.
_SUFFIXES = frozenset("中人")

# What a text says that speaks of banks; only then does ABC mean one.
_BANKING = re.compile(r"银行|存款|贷款|行长|\bbank|\bloans?\b|\bdeposits?\b|\bmortgage")

_MIN_CHARS = 2
_EXACT_CHARS = 3
"""A Latin name of up to so many capitals counts in capitals only: ABC and boc are not the same."""


@dataclass(frozen=True, slots=True)
class AliasMatch:
    """A name found in a text: ``text[start:end] == said``.

    ``names`` are the other names of the same thing, the most usual first. Those that contain the
    said one are left out: who finds 证监会 finds 中国证监会.
    """

    start: int
    end: int
    said: str
    names: tuple[str, ...]
    is_product: bool = False


@dataclass(frozen=True, slots=True)
class Aliases:
    """Groups of names, ready to be looked for. ``load`` makes one.

    ``groups`` hold the names as they were written, without those in ``unsure`` (folded), which
    count only beside other words of banking and are never searched for; ``products`` are the
    numbers of the groups that name a product or a channel. ``pieces`` maps every folded piece a
    text may be cut into to the group whose name it is, or to -1 for a word that is no name;
    ``lengths`` tells for a first character how long the pieces that begin with it are.
    """

    groups: tuple[tuple[str, ...], ...]
    products: frozenset[int]
    unsure: frozenset[str]
    pieces: dict[str, int]
    lengths: dict[str, tuple[int, ...]]

    @classmethod
    def load(cls, extra: Path | None = None) -> "Aliases":
        """Read the shipped file and, where there is one, the user's own, which adds to it.

        A group of ``extra`` that shares a name with a shipped one adds its names there, others
        are new. A word of ``extra`` that is a shipped name silences it. A file is read once in a
        process, and again when it has changed.

        Raises:
            UsageError: a file is missing or not as it should be, or a name would stand in two
                groups; the message names the file and the group.
        """
        if extra is None:
            return _load(None, 0)
        try:
            changed = extra.stat().st_mtime_ns
        except OSError as error:
            raise UsageError(f"cannot read the aliases {extra}: {error.strerror}") from error
        return _load(extra, changed)

    def find(self, text: str) -> tuple[AliasMatch, ...]:
        """Find the names that a text says, in order; they do not overlap.

        >>> [(m.said, m.names[0]) for m in Aliases.load().find("建行业务集中行动，ICBC呢？")]
        [('建行', '建设银行'), ('ICBC', '工商银行')]
        """
        folded = fold(text)
        cut = list(_cut(text, folded, self))
        sure = [piece for piece in cut if folded[piece[0] : piece[1]] not in self.unsure]
        found = []
        for start, end, group in cut if sure or _BANKING.search(folded) else sure:
            # The plural of a Latin name is the name; any plural of others is found by the terms.
            said = folded[start:end]
            if said not in map(fold, self.groups[group]):
                said = said.removesuffix("s")
            others = tuple(name for name in self.groups[group] if said not in fold(name))
            found.append(
                AliasMatch(start, end, text[start:end], others, is_product=group in self.products)
            )
        return tuple(found)

    def canonical(self, text: str) -> str:
        """The text with the first name of each thing in place of the one it says.

        >>> Aliases.load().canonical("ICBC的手机银行")
        '工商银行的手机银行'
        """
        parts, at = [], 0
        for match in self.find(text):
            group = self.pieces[fold(match.said)]
            parts += [text[at : match.start], self.groups[group][0]]
            at = match.end
        return "".join([*parts, text[at:]])


def variants(text: str, matches: Sequence[AliasMatch]) -> tuple[str, ...]:
    """The text with other names in it, for the leg that reads a question as a whole.

    At most two: with the most usual other name of each thing, and with the most usual one in
    another script.

    >>> variants(q := "ICBC的手机银行", Aliases.load().find(q))
    ('工商银行的掌上银行', '工商银行的mobile banking')
    """
    made = []
    for other_script in (False, True):
        parts, at = [], 0
        for match in matches:
            names = [
                name
                for name in match.names
                if not other_script or name.isascii() != match.said.isascii()
            ]
            parts += [text[at : match.start], names[0] if names else match.said]
            at = match.end
        made.append("".join([*parts, text[at:]]))
    return tuple(dict.fromkeys(variant for variant in made if variant != text))


def _cut(text: str, folded: str, aliases: Aliases) -> Iterator[tuple[int, int, int]]:
    """Cut the text in the cheapest way and give ``(start, end, group)`` of the names in it.

    The shortest path through the text, from its end backwards. ``best[i]`` is the cost of the
    text from ``i`` on with the number of names in it: of two equal cuts the one with fewer wins.
    """
    size = len(folded)
    best = [(0, 0)] * (size + 1)
    steps = [(0, -1)] * size  # the end and the group of the piece that starts here
    run_end = size
    for at in range(size - 1, -1, -1):
        if not _is_latin(folded[at]):
            run_end = at
        options = _plain_pieces(folded, at, run_end)
        for length in aliases.lengths.get(folded[at], ()):
            end = at + length
            group = aliases.pieces.get(folded[at:end])
            if end <= size and group is not None and _is_whole(text, folded, at, end):
                options.append((end, _KNOWN, group))
        # The first of equals: a plain piece before a word, a word before a name.
        cost, names, end, group = min(
            (
                (cost + best[end][0], best[end][1] + (group >= 0), end, group)
                for end, cost, group in options
            ),
            key=lambda option: option[:2],
        )
        best[at], steps[at] = (cost, names), (end, group)
    at = 0
    while at < size:
        end, group = steps[at]
        if group >= 0:
            yield at, end, group
        at = end


def _plain_pieces(folded: str, at: int, run_end: int) -> list[tuple[int, int, int]]:
    """The pieces ``(end, cost, -1)`` that any text has here: marks, a Latin word, characters."""
    char = folded[at]
    if _is_latin(char):
        return [(run_end, _ALONE, -1)]
    if not char.isalnum():
        return [(at + 1, 0, -1)]
    if char in _PARTICLES or (char in _SUFFIXES and at > 0 and _is_han(folded[at - 1])):
        return [(at + 1, _KNOWN, -1)]
    # A sentence hardly ever begins with one: 交行|为 rather than 交|行为, but not in 外交行为.
    alone = _ALONE if at > 0 and _is_han(folded[at - 1]) else _ALONE + 1
    after = folded[at + 1 : at + 2]
    if _is_han(after) and after not in _PARTICLES:
        return [(at + 1, alone, -1), (at + 2, _UNKNOWN_PAIR, -1)]
    return [(at + 1, alone, -1)]


def _is_whole(text: str, folded: str, start: int, end: int) -> bool:
    """Whether a piece is no part of a longer Latin word, of a host name or an address.

    A short name in capitals has to be in capitals here, too.
    """
    if _is_latin(folded[start]) and start > 0:
        before = folded[start - 1]
        if _is_latin(before) or (before in "._@/" and _is_latin(folded[start - 2 : start - 1])):
            return False
    if _is_latin(folded[end - 1]) and end < len(folded):
        after = folded[end]
        if _is_latin(after) or (after in "._@" and _is_latin(folded[end + 1 : end + 2])):
            return False
    said = folded[start:end]
    return end - start > _EXACT_CHARS or not _is_latin_word(said) or text[start:end].isupper()


def _is_latin(char: str) -> bool:
    """Whether a character belongs to a script that puts spaces between words."""
    return char.isalnum() and char < "\u2e80"


def _is_han(char: str) -> bool:
    return char.isalnum() and char >= "\u2e80"


def _is_latin_word(folded: str) -> bool:
    return all(map(_is_latin, folded))


@dataclass(frozen=True, slots=True)
class _Group:
    """One thing: the names it is searched by, and those that often mean something else."""

    names: tuple[str, ...]
    unsure: tuple[str, ...]
    is_product: bool = False

    def folded(self) -> list[str]:
        return list(map(fold, self.names + self.unsure))


@lru_cache(maxsize=8)
def _load(extra: Path | None, changed: int) -> Aliases:  # noqa: ARG001  (a changed file is another)
    groups, words = _read(_SHIPPED)
    if extra is None:
        return _aliases(groups, words)
    own, own_words = _read(extra)
    merged = list(groups)
    owner = {key: at for at, group in enumerate(groups) for key in group.folded()}
    for number, group in enumerate(own, 1):
        shared = sorted({owner[key] for key in group.folded() if key in owner})
        if len(shared) > 1:
            one, other = (merged[at].names[0] for at in shared[:2])
            raise UsageError(
                f"{extra}: group {number} ({group.names[0]}) has names of two things, of {one} and "
                f"of {other}; keep the names of one of them"
            )
        if shared:
            at = shared[0]
            merged[at] = _joined(merged[at], group)
        else:
            at = len(merged)
            merged.append(group)
        owner |= dict.fromkeys(group.folded(), at)
    # What the user's file says goes before the shipped one: its names are no words, its words no
    # names.
    said = {key for group in own for key in group.folded()}
    kept = [word for word in words if fold(word) not in said]
    return _aliases(merged, [*kept, *own_words], silent=set(map(fold, own_words)))


def _joined(group: _Group, more: _Group) -> _Group:
    """The shipped group with the user's names; one that the user is sure of is sure."""
    known = set(group.folded())
    sure = set(map(fold, more.names))
    taken_over = tuple(name for name in group.unsure if fold(name) in sure)
    return _Group(
        group.names + taken_over + tuple(n for n in more.names if fold(n) not in known),
        tuple(name for name in group.unsure if fold(name) not in sure)
        + tuple(name for name in more.unsure if fold(name) not in known),
        group.is_product,
    )


def _aliases(
    groups: Sequence[_Group], words: Sequence[str], *, silent: Collection[str] = ()
) -> Aliases:
    pieces = dict.fromkeys(map(fold, words), -1)
    for at, group in enumerate(groups):
        for key in group.folded():
            if key in silent:
                continue
            pieces[key] = at
            # Credit cards are no other thing than a credit card.
            if _is_latin(key[-1]) and len(key) > _EXACT_CHARS and not key.endswith("s"):
                pieces.setdefault(f"{key}s", at)
    lengths: dict[str, set[int]] = {}
    for piece in pieces:
        lengths.setdefault(piece[0], set()).add(len(piece))
    return Aliases(
        groups=tuple(group.names for group in groups),
        products=frozenset(at for at, group in enumerate(groups) if group.is_product),
        unsure=frozenset(fold(name) for group in groups for name in group.unsure),
        pieces=pieces,
        lengths={char: tuple(sorted(sizes)) for char, sizes in lengths.items()},
    )


def _read(path: Path) -> tuple[list[_Group], list[str]]:
    """Read the groups and the words of one file, and check that no name stands twice."""
    tables = read_toml(path, "aliases", encoding="utf-8-sig")
    if unknown := sorted(set(tables) - {"group", "words"}):
        raise UsageError(f"{path}: unknown key {unknown[0]!r}; known: [[group]] and words")
    words = tables.get("words", "")
    if not isinstance(words, str):
        raise UsageError(f"{path}: words must be one string, the words apart by spaces")
    listed = tables.get("group", [])
    if not isinstance(listed, list):
        raise UsageError(f"{path}: a group begins with [[group]], in two pairs of brackets")
    owner: dict[str, str] = {}
    groups = []
    taken = set(map(fold, words.split()))
    for number, table in enumerate(listed, 1):
        group = _group(table, f"{path}: group {number}")
        where = f"{path}: group {number} ({group.names[0]})"
        for name in group.names + group.unsure:
            key = fold(name)
            if key in owner:
                raise UsageError(
                    f"{where}: the name {name} stands already in the group of {owner[key]}; a name "
                    "can mean one thing only, take it out of one of them"
                )
            if key in taken:
                raise UsageError(f"{where}: {name} is also among the words; a word is no name")
            owner[key] = group.names[0]
        groups.append(group)
    return groups, words.split()


def _group(table: object, where: str) -> _Group:
    known = {"names", "unsure", "product"}
    if not isinstance(table, dict) or not {"names"} <= set(table) <= known:
        raise UsageError(
            f'{where} must hold names = ["…", "…"], and unsure = ["…"] and product = true at most'
        )
    product = table.get("product", False)
    if not isinstance(product, bool):
        raise UsageError(f"{where}: product must be true or false")
    kinds = []
    for key in ("names", "unsure"):
        listed = table.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise UsageError(f"{where}: {key} must be a list of strings")
        names = tuple(" ".join(name.split()) for name in listed)
        for name in names:
            if len(name) < _MIN_CHARS or not name[0].isalnum():
                raise UsageError(
                    f"{where}: {name!r} cannot be a name; it needs {_MIN_CHARS} characters at "
                    "least, the first of them a letter or digit"
                )
        kinds.append(names)
    if not kinds[0] or len(kinds[0] + kinds[1]) < 2:
        raise UsageError(f"{where}: one thing needs two names at least, and one in names")
    return _Group(kinds[0], kinds[1], product)
