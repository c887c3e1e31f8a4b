"""Find things of one kind in a sentence, such as its numbers, dates, people and places.

In: a text. Out: spans of it. There is no dictionary and no model behind it: a thing is told by
its form (98.68%, 2004年3月, 《…》), by what it ends in (…市, …公司) or by how it is written (a
name with ·, capital letters). So a span is a guess, good enough to prefer a sentence or to
point out its short answer; what is claimed about numbers and dates is checked by the gate.
"""

import re
from collections.abc import Mapping

from index.fold import fold
from rag.question import Kind

__all__ = ["find_things", "has_thing"]

_CHINESE = "零〇一二三四五六七八九十百千万亿两"
_UNIT = (
    "万亿|亿|万|千|百|余|多|%|％|‰|个百分点|倍|成|元|美元|港元|欧元|日元|人民币|人次|户次|人|户|家|个|名|位|笔|次|台|套|"
    "件|条|项|款|种|张|只|座|辆|岁|天|日|小时|分钟|秒|周|个月|年|公里|千米|米|厘米|平方公里|平方米|公顷|亩|"
    "吨|公斤|千克|克|升|度|级|层|场|部|集|本|期|届|代|票|分|页|字|句|道|线|所|支|队|艘|架|颗|根|块|片|份|门|点|号|寸|英里|英尺|赫兹|瓦|伏|像素"
)
_NUMBER = re.compile(
    # 第一百四十家 counts nothing: it is the last one of so many.
    rf"(?:约|近|超过|超|逾|达)?(?:(?<![第\d])(?<!\d[,.])\d[\d,]*(?:\.\d+)?(?:\s?(?:{_UNIT}))*"
    rf"|百分之[{_CHINESE}点\d.]+"
    rf"|(?<![第{_CHINESE}])[{_CHINESE}]+(?:点[{_CHINESE}]+)?(?:{_UNIT})+)"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|sixty|hundred|thousand|million|billion|dozen|half|twice)\b"
)
_DATE = re.compile(
    rf"(?:公元前?|西元前?)?(?:\d{{2,4}}|[{_CHINESE}]{{4}})年(?:代|初|底|末)?"
    rf"(?:第?[一二三四1-4]季度|[上下]半年)?"
    rf"(?:\s*(?:\d{{1,2}}|[{_CHINESE}]{{1,3}})月(?:份)?(?:\s*(?:\d{{1,2}}|[{_CHINESE}]{{1,3}})[日号])?)?"
    rf"|\d{{1,2}}月(?:\d{{1,2}}[日号])?|\d{{1,2}}世纪(?:\d0年代)?|[{_CHINESE}]{{1,3}}世纪"
    r"|\d{1,2}[日号]|\d{1,2}[:点时]\d{0,2}分?|(?:周|星期|礼拜)[一二三四五六日天]"
    r"|(?:清朝|明朝|元朝|宋朝|唐朝|汉朝|清代|明代|元代|宋代|唐代|汉代|民国|战国|春秋)[^\s，。]{0,4}"
    r"|(?:(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:january|february|march|april|may|june|july|august"
    r"|september|october|november|december)(?:\s+\d{1,2}(?!\d)(?:st|nd|rd|th)?)?(?:,?\s+\d{4})?)"
    r"|\b[12]\d{3}s?\b|\b\d{1,2}(?:st|nd|rd|th)\s+century\b"
)
_LATIN_NAME = re.compile(
    r"\b[A-Z][\w.'’&-]*(?:\s+(?:of|the|de|von|van|al|la|du|and|&)\s+[A-Z][\w.'’-]*|\s+[A-Z0-9][\w.'’-]*)*"
)
# A foreign name in Han characters has its parts joined by a point; a Chinese one begins with a
# surname. The list holds the frequent ones that seldom begin another word.
_SURNAME = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻苏潘葛范彭郎鲁韦马苗方俞任袁柳唐罗薛"
    "贺倪汤邓郝邬安常于傅卞齐康伍余顾孟黄穆萧尹姚邵汪祁毛狄戴宋庞熊纪舒屈项祝董梁杜阮蓝席季贾江颜郭梅林钟徐"
    "邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房丁宣邓洪包左石崔吉龚程邢裴陆翁段侯刘龙叶黎白蒲温庄柴阎聂曾关游岑"
)
_PERSON = re.compile(
    rf"[\u4e00-\u9fff]{{1,6}}(?:[·・][\u4e00-\u9fff]{{1,6}})+|[{_SURNAME}][\u4e00-\u9fff]{{1,2}}"
    r"|[\u4e00-\u9fff]{1,4}(?:先生|女士|教授|博士|皇帝|国王|总统|主席|大帝|公主|王子|天皇|将军)"
)
_PLACE = re.compile(
    r"[\u4e00-\u9fff]{1,8}?(?:省|市|县|区|州|国|岛|山|河|江|湖|海|洋|路|街|道|港|镇|乡|村|洲|半岛|高原|平原|盆地"
    r"|大学|学院|中学|医院|机场|车站|站|寺|庙|宫|殿|城|府|堡|湾|桥|广场|公园|体育场|球场)"
    r"|(?:中国|美国|日本|英国|法国|德国|俄罗斯|北京|上海|香港|澳门|台湾|广东|浙江|江苏|四川|欧洲|亚洲|非洲|美洲)[^\s，。、]{0,6}"
)
_NAMED = re.compile(r"《[^》]{1,40}》|「[^」]{1,40}」|“[^”]{1,40}”|『[^』]{1,40}』|\"[^\"]{1,60}\"")
_BODY = re.compile(
    r"[\u4e00-\u9fff\w]{2,14}?(?:公司|集团|银行|组织|委员会|政府|学会|协会|部队|联盟|大学|研究所|电视台|俱乐部|党|局|部|院|会)"
)
_REASON = re.compile(
    r"(?:因为|由于|因此|因而|所以|原因|源于|归因|为了|以便|导致|造成|使得|鉴于|出于|缘于|故而)"
    r"|\b(?:because|due to|since|so that|in order to|as a result|owing to|caused?|led to|reason)\b"
)
_MANNER = re.compile(
    r"(?:通过|利用|采用|借助|根据|按照|经由|凭借|依靠|运用|点击|登录|选择|拨打|打开|方式|方法|步骤|以便)"
    r"|\b(?:by|using|through|via|with|means|click|open|select|dial)\b"
)
_LIST = re.compile(
    r"[^\s，。、；]{1,20}(?:、[^\s，。、；]{1,20}){2,}|(?:包括|包含|分为|分别|涵盖|如下|以及|其中有)"
    r"|\b(?:including|include[sd]?|such as|consists? of|namely)\b|(?:[\w' -]{2,40},\s){2,}"
)
_COMPARISON = re.compile(
    r"(?:相比|比[^\s，。]{1,12}(?:高|低|多|少|大|小|快|慢|长|短)|高于|低于|不同|区别|差异|而[^，。]{2,20}则|相较|前者|后者)"
    r"|\b(?:than|whereas|while|unlike|compared|differ\w*|both)\b"
)

# The pattern, and whether it reads the text as it is written (capital letters tell) or folded.
_PATTERNS: Mapping[Kind, tuple[tuple[re.Pattern[str], bool], ...]] = {
    Kind.NUMBER: ((_NUMBER, True),),
    Kind.DATE: ((_DATE, True),),
    Kind.PERSON: ((_PERSON, True), (_LATIN_NAME, False)),
    Kind.PLACE: ((_PLACE, True), (_LATIN_NAME, False)),
    Kind.REASON: ((_REASON, True),),
    Kind.MANNER: ((_MANNER, True),),
    Kind.LIST: ((_LIST, True), (_NAMED, False)),
    Kind.COMPARISON: ((_COMPARISON, True),),
    Kind.OTHER: ((_NAMED, False), (_LATIN_NAME, False), (_BODY, True)),
}


def find_things(kind: Kind, text: str, *, folded: str | None = None) -> list[tuple[int, int]]:
    """Find the things of a kind in a text, as spans of it, in order; a question of yes or no
    asks for none.

    ``folded`` is ``fold(text)`` where it is at hand.

    >>> text = "接通率为98.68%，2004年起。"
    >>> [text[a:b] for a, b in find_things(Kind.NUMBER, text)]
    ['98.68%', '2004年']
    >>> [text[a:b] for a, b in find_things(Kind.DATE, text)]
    ['2004年']
    """
    same = fold(text) if folded is None else folded
    found = {
        match.span()
        for pattern, in_folded in _PATTERNS.get(kind, ())
        for match in pattern.finditer(same if in_folded else text)
        if match.end() > match.start()
    }
    return sorted(found)


def has_thing(kind: Kind, text: str, *, folded: str | None = None) -> bool:
    """Tell whether a text holds a thing of a kind."""
    same = fold(text) if folded is None else folded
    return any(
        pattern.search(same if in_folded else text)
        for pattern, in_folded in _PATTERNS.get(kind, ())
    )
