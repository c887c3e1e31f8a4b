"""Draft cases for a person to confirm: articles, or questions that were asked, in; cases out.

By rule, a sentence that tells a date, a number or a name becomes a question by putting the question
word in that place, as Chinese does anyway (平均等待17秒 → 平均等待多少秒？); a heading becomes a
question about it. A model, where one is given, asks in words of its own. Questions of the chat's
log that were not answered become drafts without gold.

A draft has the tag ``draft``. Somebody who knows the articles rewords it, corrects its gold, or
throws it away; then the tag goes.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from eval.cases import Case, GoldSpan, locate, quote_around
from eval.chat_model import ChatModel, read_prompt
from index.article import Article, Script
from index.errors import UsageError
from index.fold import fold
from index.language import detect_language, detect_script
from index.sentences import sentences
from rag.answer import Asker
from rag.question import Asked
from rag.slots import Slot, SlotKind, find_slots

__all__ = ["DRAFT", "Logged", "Reason", "by_model", "by_rule", "declined", "from_log"]

DRAFT = "draft"

_MIN_CHARS, _MAX_CHARS = 10, 120  # of a sentence that is worth a question
_LATIN_FACTOR = 2  # letters say less than Han characters
_NAMED_TIMES = 2
_MAX_QUOTED = 14  # longer is speech, not a name
_MODEL_CHARS = 8000
_NUMBER = re.compile(
    r"(?<![\d.A-Za-z第])(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)(?P<scale>[百千万亿萬億]*)"
    r"(?P<unit>%|个百分点|[户戶人家笔筆次名款种種项項元倍条條张張台位秒天亩岁年](?![份度级]))"
)
_NUMBER_EN = re.compile(
    r"(?<![\w.,:])\d+(?:,\d{3})*(?:\.\d+)?(?: (?:million|billion))?(?=%| (?!of\b)[a-z])"
)
_END = re.compile(r"[。．.！!；;…\s]+[”」』\"]*$")


@dataclass(frozen=True, slots=True)
class _Words:
    """Question words of one language and script."""

    number: str
    percent: str
    date: str
    bank: str
    name: str
    quoted: str
    mark: str
    heading: str


_SIMPLIFIED = _Words(
    "多少",
    "百分之多少",
    "什么时候",
    "哪家银行",
    "谁",
    "什么",
    "？",
    "《{title}》怎么说“{heading}”？",
)
_TRADITIONAL = _Words(
    "多少",
    "百分之多少",
    "什麼時候",
    "哪家銀行",
    "誰",
    "什麼",
    "？",
    "《{title}》怎麼說「{heading}」？",
)
_ENGLISH = _Words(
    "how many",
    "what percentage",
    "when",
    "which bank",
    "who or what",
    "what",
    "?",
    "What does “{title}” say about “{heading}”?",
)


class Reason(StrEnum):
    """Why a question of the log is worth a case."""

    DISLIKED = "disliked"
    HANDED_OFF = "handed-off"
    DECLINED = "declined"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Logged:
    """A question that was asked, and what was wrong with its answer."""

    asked: Asked
    reason: Reason


def by_rule(article: Article, *, limit: int = 5) -> list[Case]:
    """Draft at most ``limit`` cases of an article, of every kind in turn.

    Articles in other languages than Chinese and English give none.
    """
    words = _words(article)
    if words is None:
        return []
    kinds: dict[str, list[Case]] = {"number": [], "date": [], "name": [], "heading": []}
    heads = {(heading.start, heading.end) for heading in article.headings}
    for start, end in sentences(article.text):
        if not any(a <= start < b for a, b in heads):
            for kind, question, answer in _questions(article.text, start, end, words):
                _add(kinds[kind], article, kind, question, answer, (start, end))
    for heading in article.headings:
        said = article.text[heading.start : heading.end].strip()
        question = words.heading.format(title=article.title, heading=said)
        body = next(((a, b) for a, b in sentences(article.text) if a >= heading.end), None)
        if body and (*body,) not in heads and said and said != article.title:
            _add(kinds["heading"], article, "heading", question, None, body)
    turns = zip_longest(*kinds.values())
    drafts = [case for turn in turns for case in turn if case is not None]
    return list({fold(case.question): case for case in drafts}.values())[:limit]


def by_model(article: Article, model: ChatModel, *, limit: int = 5) -> list[Case]:
    """Let a model draft cases; one whose quote is not in the article word for word is dropped.

    Raises:
        RemoteError: the model is away, or its reply cannot be used.
        UsageError: the server refuses the key or the model.
    """
    data = {"title": article.title, "text": article.text[:_MODEL_CHARS], "questions": limit}
    drafts: list[Case] = []
    for item in model.ask(read_prompt("cases"), data, read=_listed):
        case = _checked(item, article)
        if case is None:
            model.count_failure()
        else:
            drafts.append(case)
    return drafts[:limit]


def _listed(reply: Mapping[str, Any]) -> list[Any]:
    given = reply.get("cases")
    if not isinstance(given, list):
        raise TypeError('no list "cases"')
    return given


def declined(asker: Asker, requests: Iterable[Asked]) -> Iterator[Logged]:
    """The requests that are declined as things stand, each once."""
    seen: set[tuple[str, ...]] = set()
    for asked in requests:
        key = _key(asked)
        if key in seen:
            continue
        seen.add(key)
        try:
            answer = asker.answer_to(asked)
        except UsageError:  # nothing to search for in it
            continue
        if answer.abstained:
            yield Logged(asked, Reason.DECLINED)


def from_log(logged: Iterable[Logged]) -> Iterator[Case]:
    """Draft cases of what was asked, each question once. Whether the collection answers them is
    for a person to say: they stand as unanswerable, without gold.
    """
    seen: set[tuple[str, ...]] = set()
    for entry in logged:
        asked = entry.asked
        key = _key(asked)
        if key in seen:
            continue
        seen.add(key)
        yield Case(
            id=_name(asked.question, *(turn.question for turn in asked.dialogue)),
            question=asked.question,
            answerable=False,
            lang=_lang(asked.question),
            dialogue=asked.dialogue,
            tags=(DRAFT, "log", entry.reason.value),
            today=asked.today,
        )


def _key(asked: Asked) -> tuple[str, ...]:
    """By what a question is the same as another: its words and those before it, folded."""
    return (fold(asked.question), *(fold(turn.question) for turn in asked.dialogue))


def _words(article: Article) -> _Words | None:
    if article.language == "zh":
        return _TRADITIONAL if article.script is Script.TRADITIONAL else _SIMPLIFIED
    return _ENGLISH if article.language == "en" else None


def _questions(text: str, start: int, end: int, words: _Words) -> Iterator[tuple[str, str, str]]:
    """Kind, question and short answer of what the sentence ``text[start:end]`` tells."""
    sentence = text[start:end]
    factor = _LATIN_FACTOR if words is _ENGLISH else 1
    if not _MIN_CHARS * factor <= len(sentence) <= _MAX_CHARS * factor or "\n" in sentence:
        return
    if sentence.endswith(("?", "？")):
        return
    slots = find_slots(sentence)
    dated = [(slot.start, slot.end) for slot in slots if slot.kind is SlotKind.DATE]
    if number := _number(sentence, words, dated):
        yield "number", *number
    date = next((s for s in slots if s.kind is SlotKind.DATE and _has_digit(sentence, s)), None)
    if date is not None:
        said = sentence[date.start : date.end]
        yield "date", _asked(sentence, date.start, date.end, words.date, words), said
    name = next((slot for slot in slots if _is_name(text, sentence, slot)), None)
    if name is not None:
        said = sentence[name.start : name.end]
        question = _asked(sentence, name.start, name.end, _name_word(said, name, words), words)
        yield "name", question, said.strip("“”「」『』《》")


def _has_digit(sentence: str, slot: Slot) -> bool:
    """Tell whether a date says when: 现在 and 以前 do not."""
    return any(char.isdigit() for char in sentence[slot.start : slot.end])


def _is_name(text: str, sentence: str, slot: Slot) -> bool:
    """Tell whether a slot is a name for sure: something in quotes, or what the article names more
    than once and does not run on from other characters (国有|大行, 多|数银行 are none).
    """
    said = sentence[slot.start : slot.end]
    if slot.kind is SlotKind.QUOTED:
        return len(said) <= _MAX_QUOTED
    if slot.kind is not SlotKind.NAME or text.count(said) < _NAMED_TIMES:
        return False
    if said.isascii():
        return " " in said
    return slot.start == 0 or not sentence[slot.start - 1].isalnum()


def _name_word(said: str, slot: Slot, words: _Words) -> str:
    if slot.kind is SlotKind.QUOTED:
        return words.quoted
    return words.bank if said.endswith(("行", "Bank")) else words.name


def _number(
    sentence: str, words: _Words, dated: Sequence[tuple[int, int]]
) -> tuple[str, str] | None:
    """The question for the first amount that is no part of a date, and the amount."""
    pattern = _NUMBER_EN if words is _ENGLISH else _NUMBER
    for found in pattern.finditer(sentence):
        start, end = found.span()
        if any(a < end and start < b for a, b in dated):
            continue
        unit = found.groupdict().get("unit") or ""
        if words is _ENGLISH and sentence.startswith("%", end):
            unit, end = "%", end + 1
        word = words.percent if unit == "%" else words.number + unit
        return _asked(sentence, start, end, word, words), sentence[start:end]
    return None


def _asked(sentence: str, start: int, end: int, word: str, words: _Words) -> str:
    """The sentence with a question word in place of what it tells."""
    return _END.sub("", sentence[:start] + word + sentence[end:]) + words.mark


def _add(
    drafts: list[Case],
    article: Article,
    kind: str,
    question: str,
    answer: str | None,
    span: tuple[int, int],
) -> None:
    quote = quote_around(article.text, *span)
    if quote is not None:
        tags = (DRAFT, "rule", kind)
        drafts.append(_case(article, question, answer, quote, tags))


def _case(
    article: Article, question: str, answer: str | None, quote: str, tags: Sequence[str]
) -> Case:
    return Case(
        id=_name(article.id, question),
        question=question,
        answerable=True,
        lang=_lang(question),
        answers=(answer,) if answer else (),
        gold=((GoldSpan(article.path, quote),),),
        tags=tuple(tags),
    )


def _checked(item: object, article: Article) -> Case | None:
    """A model's draft as a case, None where it does not keep to the article."""
    if not isinstance(item, dict):
        return None
    texts = [item.get(name) for name in ("question", "answer", "quote")]
    question, answer, quote = (text.strip() if isinstance(text, str) else "" for text in texts)
    if not (question and answer and quote) or fold(answer) not in fold(quote):
        return None
    try:
        start, end = locate(GoldSpan(article.path, quote), article.text)
    except UsageError:
        return None
    around = quote_around(article.text, start, end) or quote
    return _case(article, question, answer, around, (DRAFT, "model"))


def _lang(question: str) -> str:
    language = detect_language(question)
    if language == "zh":
        is_traditional = detect_script(question) is Script.TRADITIONAL
        return "zh-Hant" if is_traditional else "zh-Hans"
    return language


def _name(*parts: str) -> str:
    text = "\n".join(parts)
    return "draft-" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
