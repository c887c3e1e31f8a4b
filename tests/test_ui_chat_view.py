"""What the chat shows for an exchange."""

import base64
import json
import re
from dataclasses import replace

from ui_askers import DECLINED, FIRST_SENTENCE, PAYLOADS, POISON, ScriptedAsker

from rag.schema import FellBack, GateCounts, Verdict
from ui.chat_view import messages
from ui.exchange import Exchange, Outcome, apply_event
from ui.record import to_record
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
    return messages(exchange, strings=SIMPLIFIED)[1]["content"]


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
    # Early evidence: passages are there before the first sentence.
    assert play("多少笔？", until=1).sentences == ()
    assert markup(play("多少笔？", until=1)).count('class="yj-passage"') == 3


def test_a_declined_answer_says_so_and_lists_the_nearest_passages():
    shown = markup(play("今天天气怎么样？"))
    assert inert_html(DECLINED) in shown
    assert SIMPLIFIED.nearest_passages in shown
    assert shown.count('class="yj-passage"') == 3
    assert "yj-cite" not in shown


def test_the_completed_question_is_shown_only_where_it_differs():
    whole = play("多少笔？")
    assert SIMPLIFIED.searched not in markup(whole)
    completed = Exchange("那建行呢？", searched="工行怎样？ 那建行呢？", outcome=Outcome.ANSWERED)
    assert SIMPLIFIED.searched in markup(completed)


def test_no_payload_becomes_markup():
    ours = re.compile(
        r"</?(?:div|p|span|bdi|ol|li|details|summary)(?: class=\"[a-z -]+\")?>"
        r'|<span class="yj-record" hidden>[A-Za-z0-9_-]+(?=</span>)'
        r'|<a href="#do/[a-z]+/[0-9a-f]{16}" class="[a-z -]+" role="button">'
        r'|<span class="yj-control" title="U\+[0-9A-F]{4}">'
        r'|<a class="[a-z -]+" href="#cite/[^"\s<>]+"(?: title="[^"<>]*")?>|</a>'
    )
    for question in ("毒 " + "\n".join(PAYLOADS), "天气 " + PAYLOADS[0]):
        user, bot = messages(play(question), strings=SIMPLIFIED)
        for content in (user["content"], bot["content"]):
            assert "\n" not in content
            left = ours.sub("", content)
            assert "<" not in left
            assert ">" not in left
            assert not re.search(r"[\[\]`*_$\\{}!|~]", left)
    failed = markup(Exchange(POISON.text).failed(POISON.text))
    assert "<" not in ours.sub("", failed)


def test_short_answers_added_words_days_and_verdicts_are_shown():
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
    fallen = apply_event(play("多少笔？", until=2), FellBack("cut <off>"))
    shown = markup(fallen)
    assert SIMPLIFIED.fell_back in shown
    assert inert_html("cut <off>") in shown
    assert "yj-said" not in shown


def test_only_what_has_ended_carries_its_record_and_its_actions():
    running = markup(play("多少笔？", until=3))
    assert "yj-record" not in running
    assert "#do/" not in running
    whole = play("多少笔？")
    shown = markup(whole)
    (found,) = re.findall('<span class="yj-record" hidden>([A-Za-z0-9_-]+)</span>', shown)
    padded = found + "=" * (-len(found) % 4)
    assert json.loads(base64.urlsafe_b64decode(padded)) == to_record(whole)
    actions = re.findall(r'href="#do/([a-z]+)/([0-9a-f]{16})"', shown)
    assert actions == [
        (name, whole.id) for name in ("copy", "speak", "solved", "unsolved", "handoff")
    ]
    failed = re.findall("#do/([a-z]+)/", markup(Exchange("错").failed("x")))
    assert failed == ["handoff"]


def test_the_short_answer_comes_first():
    whole = play("多少笔？")
    first = replace(whole.sentences[0], short=(0, 5))
    shown = markup(replace(whole, sentences=(first, *whole.sentences[1:])))
    short = inert_html(first.text[:5])
    assert shown.startswith(f'<div class="yj-answer"><div class="yj-short">{short}</div>')
    assert "yj-short" not in markup(whole)
