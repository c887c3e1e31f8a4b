"""Models behind the asker: the gate, its policies, and quotes where a model fails."""

import pytest

from rag.answer import Asker
from rag.config import Config, GateConfig
from rag.generate import Draft, GeneratorError, NoAnswerError, Span
from rag.schema import FellBack, Finished, SentenceAdded, Verdict

QUESTION = "江湾银行在2022年年底有多少手机银行注册用户？"


class Scripted:
    """A generator that says what it is told: drafts, or an error to raise."""

    name = "scripted"

    def __init__(self, *steps):
        self.steps = steps

    def drafts(self, task):
        first = task.statements[0].statement
        span = Span(first.article, first.start, first.end)
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield Draft(first.text if step == "true" else step, (span,), unknown_keys=1)


@pytest.fixture
def asker(sample):
    def make(*steps, policy="mark"):
        made = Asker(sample.index, config=Config(gate=GateConfig(policy=policy)))
        made.__dict__["generator"] = Scripted(*steps)
        return made

    return make


FALSE = "江湾银行在2022年年底关闭了全部9,999个网点。"


def test_a_models_sentences_pass_the_gate_one_by_one(asker):
    answer = asker("true", FALSE).answer(QUESTION)
    assert answer.sentences[0].verdict is Verdict.SUPPORTED
    assert answer.sentences[1].verdict is not Verdict.SUPPORTED
    assert answer.sentences[1].reason
    assert answer.gate.supported == 1
    assert answer.gate.unknown_keys == 2
    assert answer.generator == "scripted"
    assert answer.frame.startswith("由语言模型")


def test_drop_leaves_out_what_is_not_supported(asker):
    answer = asker("true", FALSE, policy="drop").answer(QUESTION)
    assert len(answer.sentences) == 1
    assert answer.gate.dropped == 1


def test_refuse_gives_up_the_answer(asker):
    answer = asker("true", FALSE, policy="refuse").answer(QUESTION)
    assert answer.abstained
    assert "gate refused" in answer.reason
    assert answer.citations == ()


@pytest.mark.parametrize(
    "steps", [(GeneratorError("cut off"),), ("true", GeneratorError("cut off"))]
)
def test_quotes_take_the_place_of_a_model_that_fails(asker, steps):
    events = list(asker(*steps).stream(QUESTION))
    kinds = [type(e) for e in events]
    assert FellBack in kinds
    assert SentenceAdded in kinds[kinds.index(FellBack) :]
    finished = events[-1]
    assert isinstance(finished, Finished)
    answer = finished.answer
    assert (answer.generator, answer.fallback) == ("extractive", "cut off")
    assert answer.frame.startswith("语言模型没能")
    assert all(s.verdict is Verdict.SUPPORTED for s in answer.sentences)


def test_a_model_that_says_nothing_has_failed(asker):
    answer = asker().answer(QUESTION)
    assert answer.fallback == "the model wrote nothing"
    assert answer.sentences


def test_quotes_take_the_place_of_what_the_gate_drops_whole(asker):
    answer = asker(FALSE, policy="drop").answer(QUESTION)
    assert answer.fallback == "the citation gate dropped all 1 sentences of the model"
    assert answer.generator == "extractive"
    assert answer.sentences


def test_a_model_may_say_that_the_passages_do_not_answer(asker):
    answer = asker(NoAnswerError("the passages do not answer")).answer(QUESTION)
    assert answer.abstained
    assert answer.reason == "the passages do not answer"
    assert answer.fallback is None
