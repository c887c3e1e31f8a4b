"""The whole path over the sample collection: events, citations, filters, declining."""

import json
from datetime import date

import pytest

from index.config import IndexConfig
from index.errors import UsageError
from index.passage import Filters
from index.search import open_index
from index.sync import sync
from rag.answer import Asker
from rag.config import AnswerConfig, Config, fingerprint
from rag.reader.reader import Told
from rag.schema import SCHEMA_VERSION, Finished, Retrieved, SentenceAdded, Verdict

QUESTION = "截至2月底，交行的在线机器人回答了多少笔提问，在线满意度是多少？"


def test_a_question_is_answered_from_the_right_place(sample):
    answer = sample.answer(QUESTION)
    assert not answer.abstained
    assert "55.57万笔" in answer.sentences[0].text
    assert "98.68%" in answer.sentences[0].text
    first = answer.citations[0]
    assert first.path == "articles/zh/2020-03-12-six-banks-online.md"
    assert first.published == "2020-03-12"
    assert answer.answer.startswith(answer.sentences[0].text + "[1]")


def test_either_script_finds_the_same_place(sample):
    simplified = sample.answer("江湾银行在2022年年底有多少手机银行注册用户？")
    traditional = sample.answer("江灣銀行在2022年年底有多少手機銀行註冊用戶？")
    assert [(c.article_id, c.start, c.end) for c in simplified.citations] == [
        (c.article_id, c.start, c.end) for c in traditional.citations
    ]
    assert simplified.citations


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "江湾银行的视频柜台什么时候开放？",
        "How long does it take to open an account with Harbourline?",
    ],
)
def test_every_citation_is_the_articles_own_characters(sample, question):
    answer = sample.answer(question)
    assert answer.citations
    assert [c.n for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        text = sample.index.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote
        assert citation.verdict is Verdict.SUPPORTED
    quotes = {c.n: c.quote for c in answer.citations}
    for sentence in answer.sentences:
        assert sentence.citations
        assert all(sentence.text in quotes[n] for n in sentence.citations)


class _Watched:
    """A reader that takes the worst sentence for the best, and counts its questions."""

    def __init__(self):
        self.asked = []

    def read(self, question, excerpts):
        self.asked.append(question)
        return [[Told(100.0 * at, 0.0) for at in excerpt.sentences] for excerpt in excerpts]


@pytest.mark.parametrize(
    ("question", "asked", "decides"),
    [
        ("江湾银行的手机银行有哪些功能？", 1, True),
        (QUESTION, 1, False),  # one sentence leads by far: only its short answer is looked for
        ("比较江湾银行和交通银行的手机银行用户数", 0, False),  # the reader looks for one answer
        ("怎样烤一个好吃的苹果派？", 0, False),  # declined: there is nothing to choose
    ],
)
def test_the_reader_has_a_say_where_one_answer_is_looked_for(
    sample, monkeypatch, question, asked, decides
):
    reader = _Watched()
    monkeypatch.setattr("rag.answer.load_reader", lambda _: reader)
    told = sample.answer(question)
    assert len(reader.asked) == asked
    monkeypatch.setattr("rag.answer.load_reader", lambda _: None)
    before = sample.answer(question)
    assert ([s.text for s in told.sentences] != [s.text for s in before.sentences]) == decides


def test_a_question_in_the_text_heads_its_answer(sample):
    answer = sample.answer("How long does it take to open an account with Harbourline?")
    assert "nine minutes" in answer.sentences[0].text
    assert not any(sentence.text.endswith("?") for sentence in answer.sentences)


def test_the_stream_tells_what_the_plain_call_returns(sample):
    events = list(sample.stream(QUESTION))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Finished)
    assert all(isinstance(e, SentenceAdded) for e in events[1:-1])
    streamed = events[-1].answer
    assert events[0].passages == streamed.passages
    assert tuple(e.sentence for e in events[1:-1]) == streamed.sentences
    plain = sample.answer(QUESTION).to_json()
    assert {**plain, "timings_ms": 0} == {**streamed.to_json(), "timings_ms": 0}


def test_the_json_form(sample):
    answer = json.loads(json.dumps(sample.answer(QUESTION).to_json()))
    assert list(answer) == [
        "schema_version",
        "answer_id",
        "question",
        "searched",
        "understood",
        "answer",
        "sentences",
        "citations",
        "passages",
        "abstained",
        "reason",
        "generator",
        "fallback",
        "gate",
        "frame",
        "notice",
        "probability",
        "suggestions",
        "approval",
        "index_generation",
        "config_fingerprint",
        "timings_ms",
    ]
    assert answer["schema_version"] == SCHEMA_VERSION
    assert answer["index_generation"] == "g000001"
    assert answer["config_fingerprint"] == fingerprint(Config())
    assert answer["timings_ms"]["first_sentence"] <= answer["timings_ms"]["total"]
    passage = answer["passages"][0]
    text = sample.index.article(passage["article_id"]).text
    assert text[passage["start"] : passage["end"]] == passage["text"]
    assert passage["lexical"] > 0
    assert -1 <= passage["dense"] <= 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("冥王星有几颗卫星？", "没有足够的依据"),
        ("冥王星有幾顆衛星？", "沒有足夠的依據"),
        ("Which painter cut off his own ear?", "does not hold enough evidence"),
    ],
)
def test_a_declined_question_says_so_in_its_own_script(sample, question, said):
    answer = sample.answer(question)
    assert answer.abstained
    assert said in answer.answer
    assert answer.reason
    assert answer.sentences == ()


def test_filters_hold_for_every_passage(sample):
    filters = Filters(since=date(2022, 1, 1), until=date(2022, 12, 31), languages=("zh",))
    passages = sample.answer("手机银行有多少用户？", filters=filters).passages
    assert passages
    for passage in passages:
        assert passage.article.published is not None
        assert passage.article.published.year == 2022
        assert passage.article.language == "zh"


def test_filters_that_nothing_passes_decline(sample):
    answer = sample.answer(QUESTION, filters=Filters(sources=("无此来源",)))
    assert answer.abstained
    assert answer.passages == ()
    assert answer.reason.startswith("no article passes the filters")


def test_reprints_are_collapsed_and_named(sample):
    passages = sample.answer("六家国有大行在疫情期间各自的线上办法有什么不同？").passages
    told = [p for p in passages if p.reprints]
    assert told
    for passage in told:
        for other in passage.reprints:
            assert sample.index.group_of(other) == sample.index.group_of(passage.article.id)
            assert sample.index.article(other).published >= passage.article.published


def test_k_and_the_longest_answer_are_kept(sample):
    assert len(sample.answer(QUESTION, k=2).passages) == 2
    short = Asker(sample.index, config=Config(answer=AnswerConfig(max_sentences=1)))
    assert len(short.answer(QUESTION).sentences) == 1


def test_an_empty_question_is_the_askers_mistake(sample):
    with pytest.raises(UsageError, match="nothing to search for"):
        sample.answer("  ？ ")


def test_small_talk_is_not_answered_out_of_an_article(sample):
    for question in ("谢谢", "你是谁？", "What can you do?"):
        answer = sample.answer(question)
        assert answer.abstained
        assert "nothing to look for" in answer.reason


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("客服热线是多少？", "客服热线：95588"),
        ("营业时间是几点？", "营业时间：周一至周五9:00-17:00"),
    ],
)
def test_a_heading_that_states_what_was_asked_for_is_quoted(tmp_path, question, heading):
    text = f"# 网点\n\n江湾银行的网点。\n\n## {heading}\n\n欢迎光临各网点。请带好证件。\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    sync([tmp_path / "a.md"], tmp_path / "index", config=IndexConfig())
    with open_index(tmp_path / "index") as index:
        answer = Asker(index, config=Config()).answer(question)
    assert answer.sentences[0].text == heading


def test_small_talk_is_answered_by_nothing_for_certain(sample):
    assert sample.answer("谢谢").probability == 0
