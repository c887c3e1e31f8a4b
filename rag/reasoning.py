"""What a model says aloud: the pieces of its text without the parts in which it thinks.

Models mark their reasoning in the text itself, each family in its own way. In: pieces as they
are streamed, of any size, so that a mark may lie in several. Out: what is meant for the reader.
"""

import re
from collections.abc import Iterable, Iterator

__all__ = ["is_mark", "spoken", "thinks"]

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|analysis|seed:think"
_MARK = re.compile(
    rf"<(?P<close>/?)(?:{_NAMES})>"
    r"|[\[◁](?P<close_other>/?)think[\]▷]"
    # Turns that consist of channels: <|channel|>analysis<|message|>…<|end|>
    r"|<\|(?P<channel>start|channel|message|end|return)\|>",
    re.IGNORECASE,
)
_LONGEST_MARK = 16
_OPENERS = "<[◁"


def thinks(prompt: str) -> bool:
    """Tell whether a prompt ends inside a block of reasoning, which the model then goes on with."""
    marks = list(_MARK.finditer(prompt, max(0, len(prompt) - 200)))
    return bool(marks) and _opens(marks[-1]) and not prompt[marks[-1].end() :].strip()


def is_mark(text: str) -> bool:
    """Tell whether a token by itself begins or ends a block of reasoning."""
    return bool(_MARK.fullmatch(text))


def spoken(pieces: Iterable[str], *, thinking: bool = False) -> Iterator[str | None]:
    """Give the pieces without reasoning; a block that never ends hides all that follows.

    Some templates open the block in the prompt, where we do not see it. None says that a block
    ended that had not begun: all that was given until then was reasoning.

    Args:
        pieces: As they are streamed.
        thinking: The text begins inside a block of reasoning (see ``thinks``).
    """
    hidden = thinking
    header = False  # between <|channel|> and <|message|>: the channel's name
    name = ""
    held = ""
    for piece in pieces:
        held += piece
        while match := _MARK.search(held):
            before, held = held[: match.start()], held[match.end() :]
            if header:
                name += before
            elif before and not hidden:
                yield before
            channel = (match["channel"] or "").lower()
            if channel in ("start", "channel"):
                header, name = True, ""
            elif channel == "message":
                header, hidden = False, name.strip().lower() not in ("", "final", "assistant")
            elif channel:
                header = hidden = False
            elif _opens(match):
                hidden = True
            elif hidden:
                hidden = False
            else:
                yield None
        keep = _begins(held)
        ready, held = held[:keep], held[keep:]
        if header:
            name += ready
        elif ready and not hidden:
            yield ready
    if held and not hidden and not header:
        yield held


def _opens(match: re.Match[str]) -> bool:
    if match["channel"]:
        return False
    return not (match["close"] or match["close_other"])


def _begins(text: str) -> int:
    """Where a mark may begin that the next piece completes; the text's length where none does."""
    at = max(text.rfind(opener, max(0, len(text) - _LONGEST_MARK)) for opener in _OPENERS)
    if at < 0 or re.search(r"[>\]▷\s]", text[at:]):
        return len(text)
    return at
