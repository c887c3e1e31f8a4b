"""What names a sentence says that its source does not: people, places, organisations.

In: the units of a sentence and what a text holds of them (`rag.wording`). Out: the spans of names.
There is no dictionary of names; they are told by how they are written: a capital, 列奥纳多·达, a
run of characters that hardly ever stand together, two characters before 银行. Only places that
are common words are listed (`places.toml`), and the names of one thing in `index.aliases`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

from index.aliases import Aliases
from index.everyday import how_common
from index.fold import fold
from rag.facts import flatten
from rag.wording import Held, Unit, is_particle

__all__ = ["reads_as_name", "strange_names", "strange_organisations"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLACES = Path(__file__).with_name("places.toml")

# Of names in transliteration; none of them is frequent elsewhere together.
_TRANSLITERATION = frozenset(
    "阿埃艾安奥巴贝比博布查达戴丹德蒂迪杜恩法费菲弗福盖戈格古哈海赫亨霍基吉加贾杰卡凯科克肯库拉莱兰朗劳勒雷里丽利莉林卢鲁"
    "路伦罗洛马玛迈曼梅米密默莫姆穆纳娜南内尼妮诺欧帕佩皮普奇乔琼若萨塞森沙莎史斯苏索塔泰坦汤特提廷图托瓦威韦维温沃乌伍西"
    "康丁桑希谢辛休雅亚扬耶伊因尤约泽詹兹佐翰逊顿森尔"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许邓韩冯曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范石廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯史陶黎贺顾毛郝龚邵钱严覃武戴莫孔向汤欧阮倪鲍司诸裴"
    "窦翟耿聂焦岳齐梅庄辛管祝左涂谷祁毕尤詹岑庞樊霍柯奚凌路洪麦费褚卞伏伍耶完慕宇闾"
)

_ORGANISATION = re.compile(
    "(?=(?P<name>[\u4e00-\u9fff]{2}(?:银行|公司|大学|学院|医院|集团|委员会|法院|协会|分行|支行|中心)))"
)
_GENERIC = _words(
    "手机 网上 国有 商业 中型 大型 小型 这家 那家 该家 两家 多家 各家 一家 几家 远程 "
    "云端 线上 电子 流动 虚拟 本地 外资 中资 保险 上市 科技 传统 普通 客服 其他 其它 "
    "所有 任何 全部 多数 有的 我国 当地 地方 服务 呼叫 数据 行动 掌上 移动 自助 私人 "
    "有限 股份 分行 支行 总行 上海 北京 "
)
"""What stands before 银行 or 公司 and names none."""


def strange_names(units: Sequence[Unit], held: Held, text: str) -> list[tuple[int, int]]:
    """Find what reads as a name among the units that are not held: spans of ``text``.

    ``held`` is by all that may name it: the source's sentence, its title, what stands before it.
    """
    flat = flatten(text)
    where = {unit.start: value for unit, value in zip(units, held, strict=True)}
    found = [
        m.span()
        for m in _places().finditer(flat)
        if min(where.get(at, 1.0) for at in range(*m.span())) < 1.0
    ]
    for run in _runs(units, held):
        start, end = run[0].start, run[-1].end
        if not run[0].is_han:
            if any(unit.is_name for unit in run):
                found.append((start, end))
            continue
        if _reads_as_name(flat, run):
            found.append((start, end))
    return found


def _runs(units: Sequence[Unit], held: Held) -> Iterable[list[Unit]]:
    """Neighbouring units of one script of which the text has nothing at all."""
    run: list[Unit] = []
    for unit, value in zip(units, held, strict=True):
        joined = bool(run) and run[-1].end == unit.start and run[-1].is_han == unit.is_han
        if value == 0.0 and (not run or joined):
            run.append(unit)
            continue
        if run:
            yield run
        run = [unit] if value == 0.0 else []
    if run:
        yield run


def _reads_as_name(flat: str, run: Sequence[Unit]) -> bool:
    word = "".join(unit.term for unit in run)
    before, after = flat[run[0].start - 1 : run[0].start], flat[run[-1].end : run[-1].end + 1]
    if "·" in (before, after) or "・" in (before, after):
        return True
    if _is_transliterated(word):
        return True
    rare = [n for n in range(len(word) - 1) if _is_rare(word[n : n + 2])]
    return any(word[n] in _SURNAMES or n + 1 in rare for n in rare)


def _is_transliterated(word: str) -> bool:
    """Three characters in a row that stand for sounds: 康斯坦丁二世."""
    return any(_TRANSLITERATION.issuperset(word[n : n + 3]) for n in range(len(word) - 2))


@cache
def _places() -> re.Pattern[str]:
    places = tomllib.loads(_PLACES.read_text(encoding="utf-8"))["places"].split()
    return re.compile("|".join(sorted(places, key=lambda name: (-len(name), name))))


def reads_as_name(word: str, *, likely: bool = False) -> bool:
    """Tell whether a run of Han characters is no common wording: two of them hardly stand together.

    ``likely``: one such pair is enough, as where a sentence is word for word its source but here.

    >>> [reads_as_name(w) for w in ("戴晓岚", "介绍", "缩短", "银行")]
    [True, False, False, False]
    """
    if _places().search(word) or "·" in word or _is_transliterated(word):
        return True
    rare = [n for n in range(len(word) - 1) if _is_rare(word[n : n + 2])]
    # One rare pair is as often the border of two words: 换|别的. A surname needs no more.
    return (likely and bool(rare)) or any(word[n] in _SURNAMES or n + 1 in rare for n in rare)


def _is_rare(pair: str) -> bool:
    return not how_common(pair) and not is_particle(pair[0]) and not is_particle(pair[1])


def strange_organisations(
    said: str, cited: str, *, title: str, before: str
) -> Iterator[tuple[int, int]]:
    """Find the organisations that a sentence names and its source does not.

    One that ``cited`` or the title of the article names is its source's. One that only the text
    ``before`` names is meant where it was named last, and where ``cited`` names no other that the
    sentence leaves out: then the source leans on it (该行).
    """
    flat, own_flat = flatten(said), flatten(f"{title}\n{cited}")
    known = []
    for start, end, names in _organisations(said):
        known.append((start, end))
        if any(name in own_flat for name in names):
            continue
        others = [group for _, _, group in _organisations(cited)]
        last = next((group for _, _, group in reversed(_organisations(before))), frozenset())
        displaced = any(not any(n in flat for n in group) for group in others)
        if displaced or not names & last:
            yield start, end
    for m in _ORGANISATION.finditer(flat):
        start, end = m.span("name")
        name = m["name"]
        if any(a < end and start < b for a, b in known) or name[:2] in _GENERIC:
            continue
        if is_particle(name[0]) or is_particle(name[1]):
            continue
        if name not in own_flat and name[:2] not in own_flat and name not in flatten(before):
            yield start, end


@lru_cache(maxsize=512)
def _organisations(text: str) -> tuple[tuple[int, int, frozenset[str]], ...]:
    """The organisations of `index/aliases.toml` that a text says, with all their names, folded."""
    return tuple(
        (m.start, m.end, frozenset(map(fold, (m.said, *m.names))))
        for m in Aliases.load().find(text)
        if not m.is_product
    )
