"""What the chat shows for an exchange, and how events become one."""

import re

from ui_askers import DECLINED, FIRST_SENTENCE, PAYLOADS, POISON, ScriptedAsker

from rag.question import Turn
from rag.schema import Finished
from ui.conversation import Exchange, apply_event, dialogue, messages
from ui.strings import ALL, Language
from ui.untrusted import inert_html

SIMPLIFIED = ALL[Language.HANS]

ASKER = ScriptedAsker(pause_s=0)


def play(question, until=None):
    exchange = Exchange(question)
    for event in list(ASKER.stream(question))[:until]:
        exchange = apply_event(exchange, event)
    return exchange


def markup(exchange):
    return messages((exchange,), strings=SIMPLIFIED)[1]["content"]


def test_an_answer_grows_sentence_by_sentence_and_ends_as_the_answer_says():
    whole = play("多少笔？")
    assert not play("多少笔？", until=-1).finished
    assert [s.text for s in play("多少笔？", until=2).sentences] == [FIRST_SENTENCE]
    assert whole.finished
    assert not whole.running
    assert [c.n for c in whole.citations] == [1, 2, 3]
    last = list(ASKER.stream("多少笔？"))[-1]
    assert isinstance(last, Finished)
    assert whole.sentences == last.answer.sentences


def test_a_citation_link_says_article_span_and_number():
    start = play("多少笔？").citations[0].start
    end = start + len(FIRST_SENTENCE)
    href = f"#cite/counter%2F%E5%9F%8E%E5%8D%97%201/{start}/{end}/1"
    shown = markup(play("多少笔？"))
    assert f'<a class="yj-cite" href="{href}"' in shown
    assert f'<a class="yj-source" href="{href}"' in shown
    assert shown.count('class="yj-cite') == 3
    assert 'class="yj-cite yj-partly"' in shown
    assert SIMPLIFIED.partly in shown


def test_while_running_there_are_chips_but_no_lists_yet():
    assert SIMPLIFIED.reading in markup(Exchange("问"))
    assert SIMPLIFIED.found_passages.format(count=3) in markup(play("多少笔？", until=1))
    shown = markup(play("多少笔？", until=2))
    assert shown.count("yj-cite") == 1
    assert "yj-sources" not in shown


def test_a_declined_answer_says_so_and_lists_the_nearest_passages():
    shown = markup(play("今天天气怎么样？"))
    assert inert_html(DECLINED) in shown
    assert SIMPLIFIED.nearest_passages in shown
    assert shown.count('class="yj-passage"') == 3
    assert "yj-cite" not in shown


def test_the_completed_question_is_shown_only_where_it_differs():
    whole = play("多少笔？")
    assert SIMPLIFIED.searched not in markup(whole)
    completed = Exchange(question="那建行呢？", searched="工行怎样？ 那建行呢？", finished=True)
    assert SIMPLIFIED.searched in markup(completed)


def test_only_finished_exchanges_are_dialogue():
    exchanges = (play("多少笔？"), Exchange("停", stopped=True), Exchange("错", error="x"))
    assert dialogue(exchanges) == (Turn("多少笔？", exchanges[0].answer),)


def test_no_payload_becomes_markup():
    ours = re.compile(
        r"</?(?:div|p|span|bdi|ol|li|details|summary)(?: class=\"[a-z -]+\")?>"
        r'|<span class="yj-control" title="U\+[0-9A-F]{4}">'
        r'|<a class="[a-z -]+" href="#cite/[^"\s<>]+"(?: title="[^"<>]*")?>|</a>'
    )
    for question in ("毒 " + "\n".join(PAYLOADS), "天气 " + PAYLOADS[0]):
        user, bot = messages((play(question),), strings=SIMPLIFIED)
        for content in (user["content"], bot["content"]):
            assert "\n" not in content
            left = ours.sub("", content)
            assert "<" not in left
            assert ">" not in left
            assert not re.search(r"[\[\]`*_$\\{}!|~]", left)
    failed = markup(Exchange(POISON.text, error=POISON.text))
    assert "<" not in ours.sub("", failed)


def test_short_answers_added_words_days_and_verdicts_are_shown():
    from dataclasses import replace

    from rag.schema import GateCounts, Verdict

    whole = play("多少笔？")
    first = replace(
        whole.sentences[0],
        short=(0, 2),
        lead="江湾<b>银行",
        as_of="截至2019年末",
        item=True,
        group="工行<i>",
        verdict=Verdict.PARTLY,
        reason='number "3" is not there',
    )
    shown = markup(
        replace(
            whole,
            sentences=(first,),
            frame="以下为文章原句：",
            notice="请勿把密码告诉任何人<script>",
            gate=GateCounts(supported=1, partly=1, unknown_keys=2),
        )
    )
    assert f"<strong>{inert_html(first.text[:2])}</strong>" in shown
    for words in (
        "（江湾<b>银行）",
        "（截至2019年末）",
        "工行<i>",
        "以下为文章原句：",
        "请勿把密码告诉任何人<script>",
    ):
        assert inert_html(words) in shown
    assert "<script" not in shown
    assert "<i>" not in shown
    assert SIMPLIFIED.partly in shown
    assert "1 句有据，1 句存疑，去掉了 2 个不存在的编号" in shown


def test_quotes_after_a_failure_replace_what_the_model_said():
    from rag.schema import FellBack

    some = play("多少笔？", until=2)
    fallen = apply_event(some, FellBack("cut <off>"))
    assert fallen.sentences == ()
    shown = markup(fallen)
    assert SIMPLIFIED.fell_back in shown
    assert inert_html("cut <off>") in shown
