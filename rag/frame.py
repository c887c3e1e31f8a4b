"""The few words an answer says of itself, in the language and script of the question."""

from index.article import Script
from index.language import detect_script

__all__ = ["approved_text", "declined_text", "failed_text", "frame_text"]

_DECLINED = {
    Script.SIMPLIFIED: "收录的文章里没有足够的依据回答这个问题。",
    Script.TRADITIONAL: "收錄的文章裡沒有足夠的依據回答這個問題。",
    Script.LATIN: "The collection does not hold enough evidence to answer this question.",
}
_QUOTED = {
    Script.SIMPLIFIED: "以下为文章原句，未经改写：",
    Script.TRADITIONAL: "以下為文章原句，未經改寫：",
    Script.LATIN: "Sentences quoted from the articles, not written by a model:",
}
_WRITTEN = {
    Script.SIMPLIFIED: "由语言模型根据文章撰写，每句已与出处核对：",
    Script.TRADITIONAL: "由語言模型根據文章撰寫，每句已與出處核對：",
    Script.LATIN: "Written by a language model; each sentence was checked against the articles:",
}
_FAILED = {
    Script.SIMPLIFIED: "语言模型没能完成回答，改为摘录文章原句：",
    Script.TRADITIONAL: "語言模型未能完成回答，改為摘錄文章原句：",
    Script.LATIN: "The language model failed; sentences quoted from the articles instead:",
}
_APPROVED = {
    Script.SIMPLIFIED: "经人工审核的标准答案，出处如下：",
    Script.TRADITIONAL: "經人工審核的標準答案，出處如下：",
    Script.LATIN: "An approved answer, with its sources:",
}


def declined_text(question: str) -> str:
    """What a declined answer says."""
    return _said(_DECLINED, question)


def frame_text(question: str, *, quotes: bool) -> str:
    """What an answer says before its first sentence: quoted, or written by a model."""
    return _said(_QUOTED if quotes else _WRITTEN, question)


def approved_text(question: str) -> str:
    """What an answer says before its first sentence that a person approved beforehand."""
    return _said(_APPROVED, question)


def failed_text(question: str) -> str:
    """What an answer says that takes the place of a model's that failed."""
    return _said(_FAILED, question)


def _said(texts: dict[Script, str], question: str) -> str:
    return texts.get(detect_script(question), texts[Script.LATIN])
