"""The few words an answer says of itself, in the language and script of the question."""

from index.article import Script
from index.language import detect_script

__all__ = ["declined_text"]

_DECLINED = {
    Script.SIMPLIFIED: "收录的文章里没有足够的依据回答这个问题。",
    Script.TRADITIONAL: "收錄的文章裡沒有足夠的依據回答這個問題。",
    Script.LATIN: "The collection does not hold enough evidence to answer this question.",
}


def declined_text(question: str) -> str:
    """What a declined answer says, in the question's own language where we have it."""
    return _DECLINED.get(detect_script(question), _DECLINED[Script.LATIN])
