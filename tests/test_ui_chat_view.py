"""What the chat shows for an exchange."""

import base64
import json
import re
from dataclasses import replace
from datetime import date

from ui_askers import DECLINED, FIRST_SENTENCE, LIBRARY, PAYLOADS, POISON, ScriptedAsker

from index.passage import Filters
from rag.schema import Approval, FellBack, GateCounts, Verdict
from ui.chat_view import Transcript, messages
from ui.conversation import Shown
from ui.exchange import Alias, DateRead, Exchange, Outcome, Understood, apply_event
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


def test_an_article_is_named_once_and_its_other_places_by_their_words():
    whole = play("多少笔？")
    assert [c.article_id for c in whole.citations][:2] == [LIBRARY.id] * 2
    first, second, *_ = re.findall('<a class="yj-source".*?</a>', markup(whole))
    assert inert_html(LIBRARY.title) in first
    assert inert_html(LIBRARY.title) not in second
    assert f'<bdi class="yj-source-quote">{inert_html(whole.citations[1].quote)}</bdi>' in second


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
        r"</?(?:div|p|span|bdi|ol|li|details|summary|table|thead|tbody|tr|th|td|dl|dt|dd)"
        r"(?: class=\"[a-z0-9 -]+\")?(?: scope=\"(?:col|row)\")?>"
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
    # Why is for whoever runs the service: its words are English, and name machines.
    assert "cut" not in shown
    assert to_record(fallen.stopped())["fallback"] is True
    assert "yj-said" not in shown


def test_only_what_has_ended_carries_its_record_and_its_actions():
    running = markup(play("多少笔？", until=3))
    assert "yj-record" not in running
    assert "#do/" not in running
    whole = play("多少笔？")
    shown = markup(whole)
    # At the end of an answer; where there is none, before what does not help.
    assert shown.index("yj-sources") < shown.index("#do/handoff/")
    declined = markup(play("今天天气怎么样？"))
    assert declined.index("#do/handoff/") < declined.index('class="yj-passage')
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


def test_what_waits_for_its_turn_stands_last():
    shown = Shown((play("多少笔？"), Exchange("再问")), waiting=("<b>第三问",), busy=True)
    rendered = Transcript(SIMPLIFIED).messages(shown)
    assert [m["role"] for m in rendered] == ["user", "assistant"] * 3
    assert inert_html("<b>第三问") in rendered[4]["content"]
    assert SIMPLIFIED.chat_waits in rendered[5]["content"]


def test_what_has_ended_is_rendered_once():
    transcript = Transcript(SIMPLIFIED)
    ended, running = play("多少笔？"), play("多少笔？", until=2)
    first = transcript.messages(Shown((ended, running), busy=True))
    later = transcript.messages(Shown((ended, apply_event(running, FellBack("x"))), busy=True))
    assert later[1] is first[1]
    assert later[3] != first[3]


def test_nothing_that_was_shown_moves_while_the_rest_arrives():
    """Each rendering begins as the one before it, up to where that one told of its progress."""
    exchange = Exchange("多少笔？", frame="以下为文章原句：")
    before = markup(exchange)
    for event in list(ASKER.stream("多少笔？"))[:-1]:
        exchange = apply_event(exchange, event)
        grown = markup(exchange)
        settled = before[: before.index('<div class="yj-progress')]
        settled = settled.removesuffix("</div>")  # the prose goes on in the same block
        assert len(settled) < len(grown)
        if exchange.sentences[1:]:
            assert grown.startswith(settled)
        before = grown


def test_filters_are_told_and_an_empty_result_offers_to_clear_them():
    filters = Filters(since=date(2020, 1, 2), sources=("江畔<日报>",), languages=("zh",))
    shown = markup(replace(play("多少笔？"), filters=filters))
    told = f"{SIMPLIFIED.chat_since.format(day='2020-01-02')} · 江畔<日报> · 中文"
    assert inert_html(told) in shown
    assert "#do/unfilter/" not in shown
    empty = replace(play("今天天气怎么样？"), filters=filters, passages=())
    shown = markup(empty)
    assert inert_html(SIMPLIFIED.chat_nothing_passes) in shown
    assert f'href="#do/unfilter/{empty.id}"' in shown


def test_why_a_question_was_declined_is_said_in_the_language_of_the_page():
    declined = play("今天天气怎么样？")
    weak = markup(replace(declined, probability=0.14))
    assert inert_html(SIMPLIFIED.chat_weak.format(percent=14)) in weak
    assert inert_html(SIMPLIFIED.chat_no_match) in markup(replace(declined, probability=0.0))
    refused = replace(declined, probability=0.9, gate=GateCounts(dropped=2))
    assert inert_html(SIMPLIFIED.chat_refused) in markup(refused)
    # The technical reason stands where one looks how it was found.
    notice, how = weak.split('class="yj-how"')
    assert inert_html(declined.reason) in how
    assert inert_html(declined.reason) not in notice


def test_a_curated_answer_is_marked():
    approval = Approval("a1", by="客服<部>", valid_until="2030-01-01")
    shown = markup(replace(play("多少笔？"), approval=approval))
    assert SIMPLIFIED.chat_approved in shown
    assert inert_html("由 客服<部> 审定 · 有效期至 2030-01-01") in shown
    assert "yj-approved" not in markup(play("多少笔？"))


def test_how_a_question_was_understood_takes_one_line_and_what_was_meant_is_a_link():
    understood = Understood(
        aliases=(Alias("工行", ("工商银行", "ICBC", "a", "b")), Alias("App", ("手机银行",))),
        dates=(DateRead("去年", "2020-01-01", None, True),),
        suggestion="工行<多少>笔？",
    )
    whole = replace(play("多少笔？"), understood=understood)
    shown = markup(whole)
    notes = re.findall('<div class="yj-note yj-notes">(.*?)</div>', shown)
    told = [
        SIMPLIFIED.note_alias.format(said="工行", names="工商银行、ICBC、a"),
        SIMPLIFIED.note_alias.format(said="App", names="手机银行"),
        SIMPLIFIED.note_dates_only.format(said="去年", since="2020-01-01", until="…"),
    ]
    assert notes == ["".join(f"<bdi>{inert_html(note)}</bdi>" for note in told)]
    link = f'<a href="#do/meant/{whole.id}" class="yj-do-meant" role="button">'
    assert f"{link}{inert_html('工行<多少>笔？')}</a>" in shown
    running = markup(replace(play("多少笔？", until=2), understood=understood))
    assert inert_html("工行<多少>笔？") in running
    assert "#do/meant/" not in running
    english = messages(whole, strings=ALL[Language.ENGLISH])[1]["content"]
    assert inert_html("工行: also 工商银行, ICBC, a") in english


def test_every_step_that_is_timed_has_a_name_in_every_language(sample):
    steps = sample.answer("江湾银行的微信小程序叫啥？").timings_ms
    assert "reread" in steps
    assert {f"how_time_{step}" for step in steps} <= SIMPLIFIED.starting_with("how_time_").keys()


def test_how_it_was_found_tells_all_of_it():
    whole = replace(
        play("多少笔？"),
        searched="工行多少笔？",
        understood=Understood(
            completed="工行多少笔？",
            aliases=(Alias("工行", ("工商银行",)),),
            dates=(DateRead("去年", "2020-01-01", None, True),),
        ),
        without=("dates",),
        filters=Filters(tags=("网点",)),
        probability=0.873,
        gate=GateCounts(supported=2, partly=1),
        timings_ms={"first_sentence": 12.4, "total": 20.0},
        generator="extractive",
    )
    how = markup(whole).split('class="yj-how"')[1]
    for told in (
        "工行多少笔？",
        "工行 = 工商银行",
        "去年：只查 2020-01-01 至 … 的文章",
        "网点",
        "87%",
        "2 句有据 · 1 句部分有据",
        "首句 12 · 合计 20",
        SIMPLIFIED.how_extractive,
    ):
        assert inert_html(told) in how, told
    # The best score has the whole bar, the others their share of it.
    assert how.count("yj-meter-10") == 2
    assert "yj-meter-5" in how
    assert "–" in how
