"""What a model writes becomes drafts: pieces of text in, sentences with their citations out.

A sentence goes out as soon as nothing that follows can change it: its full stop is written, and
what comes next is no key of its own. Decoration is taken off, reasoning is left out, and a model
that begins to repeat itself is stopped.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from index.fold import fold
from index.sentences import sentences
from rag.generate import Draft, GeneratorError, NoAnswerError, Span
from rag.keys import Key, could_begin_key, take_keys
from rag.markdown import Line, decided, plain, read_line
from rag.reasoning import spoken

__all__ = ["NO_ANSWER", "CutShortError", "drafts"]

NO_ANSWER = "NO_ANSWER"
"""What a model is told to say, and nothing else, when the passages do not answer."""

# A sentence without an end is cut here, so that the memory of an endless one stays bounded.
_LONGEST_SENTENCE = 2000
_WINDOW = 2 * _LONGEST_SENTENCE  # how much of a line is looked at
_GLANCE, _SURE = 200, 3
_SENTENCE_ENDS = re.compile(r"[。．！？；….!?;:：][”’」』）】》\])\"']*\Z")
_CLOSERS = "”’」』）】〉》〕］)]}\"'"
# After a closing quote, “……。”他说。 may go on; see index.sentences.
_ATTRIBUTION = 16
_STRAY = re.compile(r"\A[^\w\[【［〔〖(（{｛『「《〈<＜]+")
# Whether a point ends an English sentence shows in the next word.
_WHOLE_WORD = re.compile(r"\s*\S+\s|.{24}|[^\n]*\n", re.DOTALL)
# The same few characters again and again, so many times and over so many characters.
_LOOP_PERIOD, _LOOP_TIMES, _LOOP_CHARS = 80, 6, 36
_LOOP_SENTENCES = 2
_NO_ANSWER = re.compile(r"NO\\?_ANSWER")


class CutShortError(Exception):
    """The model was stopped at its longest answer; what it was saying is no whole sentence."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    keys: tuple[Key, ...] = ()
    item: bool = False


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str


def drafts(
    pieces: Iterable[str],
    cited: Mapping[str, Span],
    *,
    question: str = "",
    thinking: bool = False,
) -> Iterator[Draft]:
    """Turn a model's text into drafts, each as soon as it is complete.

    A sentence that was said before is not said again; where the next one was said before, too,
    or a sentence runs in circles, the model is stopped and the answer ends. Of an answer that
    was cut short the unfinished sentence is left out.

    Args:
        pieces: The text as it is streamed. May raise ``CutShortError`` at its end. An iterator
            with a ``close`` is closed when nothing more is wanted of it.
        cited: What each key names.
        question: A heading counts only where the question has its words: nothing checks one.
        thinking: The text begins inside a block of reasoning.

    Raises:
        NoAnswerError: the model says that the passages do not answer, before any sentence.
        GeneratorError: no sentence came of it, or what seemed to be one was reasoning.
    """
    said: set[str] = set()
    again = 0
    group = ""
    try:
        for part in _parts(pieces, cited, thinking=thinking, begun=lambda: bool(said)):
            if _NO_ANSWER.search(part.text):
                if said:
                    return
                raise NoAnswerError("the model finds no answer in the passages")
            if isinstance(part, _Heading):
                group = part.text if fold(part.text) in fold(question) else ""
                continue
            folded = "".join(filter(str.isalnum, fold(part.text)))
            if folded in said:
                again += 1
                if again == _LOOP_SENTENCES:
                    return
                continue
            again = 0
            said.add(folded)
            yield _draft(part, cited, group=group)
    finally:
        if close := getattr(pieces, "close", None):
            close()
    if not said:
        raise GeneratorError("the model wrote no sentence; ask again, or choose another model")


def _draft(sentence: _Sentence, cited: Mapping[str, Span], *, group: str) -> Draft:
    named = {key.text: cited[key.text] for key in sentence.keys if key.known}
    return Draft(
        text=sentence.text,
        spans=tuple(named.values()),
        unknown_keys=sum(not key.known for key in sentence.keys),
        item=sentence.item,
        group=group,
    )


def _parts(
    pieces: Iterable[str],
    known: Container[str],
    *,
    thinking: bool,
    begun: Callable[[], bool],
) -> Iterator[_Sentence | _Heading]:
    """The sentences and headings of a text, each as soon as it is complete."""
    reader = _Reader(known)
    try:
        for piece in spoken(pieces, thinking=thinking):
            if piece is None:
                if begun():
                    raise GeneratorError(
                        "the model thinks aloud without saying where that begins; let its server "
                        "take the reasoning out of the answer"
                    )
                reader = _Reader(known)
                continue
            yield from reader.read(piece)
            if reader.in_circles:
                return
    except CutShortError:
        left = list(reader.finish())
        if left and isinstance(left[-1], _Sentence) and not _SENTENCE_ENDS.search(left[-1].text):
            left.pop()
        yield from left
    else:
        yield from reader.finish()


class _Reader:
    """Holds the text that is not yet a whole sentence."""

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._held = ""
        # What the line is that the held text begins in; None where it begins a line.
        self._line: Line | None = None
        # [q7m2x4] 增长了。: in such a line, keys stand before what rests on them. None until its
        # first sentence shows it.
        self._keys_lead: bool | None = None

    @property
    def in_circles(self) -> bool:
        """The held text ends in the same characters again and again."""
        held = self._held
        for period in range(1, _LOOP_PERIOD + 1):
            times = max(_LOOP_TIMES, -(-_LOOP_CHARS // period))
            if period * times > len(held):
                continue
            unit = held[-period:]
            if held.endswith(unit * times) and any(map(str.isalnum, unit)):
                return True
        return False

    def read(self, piece: str) -> Iterator[_Sentence | _Heading]:
        """Add a piece and take what is complete."""
        piece = piece.replace("\r", "")
        for at in range(0, len(piece), _WINDOW):
            self._held += piece[at : at + _WINDOW]
            while self._held and (parts := self._take(final=False)) is not None:
                yield from parts

    def finish(self) -> Iterator[_Sentence | _Heading]:
        """Take all that is left: nothing more is to come."""
        while self._held and (parts := self._take(final=True)) is not None:
            yield from parts

    def _take(self, *, final: bool) -> list[_Sentence | _Heading] | None:
        """Take the next sentence or line off the held text; None where more has to come first."""
        end = self._held.find("\n", 0, _WINDOW + 1)
        whole = end >= 0 or (final and len(self._held) <= _WINDOW)
        line = self._held[: end if end >= 0 else _WINDOW]
        rest = self._held[len(line) + 1 :]
        if self._line is None:
            if not whole and not decided(line):
                return None
            self._line = read_line(line, whole=whole)
            self._keys_lead = None
            if self._line.skipped or self._line.heading is not None:
                heading = self._line.heading
                self._next_line(rest)
                return [_Heading(heading)] if heading else []
            self._held = self._held[self._line.start :]
            return []
        if whole and (final or "\n" in rest) and self._only_keys(rest.partition("\n")[0]):
            # Keys on a line of their own belong to the line before.
            self._held = f"{line} {rest.lstrip()}"
            return []
        # The first sentence is all that is taken: most often a glance shows where it ends.
        text, gaps = take_keys(line[:_GLANCE], self._known)
        spans = sentences(text)
        if len(line) > _GLANCE and len(spans) < _SURE:
            text, gaps = take_keys(line, self._known)
            spans = sentences(text)
        if not spans:
            if not whole:
                return None
            self._next_line(rest)
            return []
        start, stop = spans[0]
        keys_lead = self._keys_lead
        if keys_lead is None:
            keys_lead = bool(gaps) and gaps[0].at <= start and not gaps[0].leads
        mine = [
            gap
            for gap in gaps
            if gap.at < stop
            or (gap.at == stop and not gap.leads and not (keys_lead and len(spans) > 1))
        ]
        cut = mine[-1].stop + max(0, stop - mine[-1].after) if mine else stop
        endless = len(spans) == 1 and stop > _LONGEST_SENTENCE
        if not final and not endless:
            if len(spans) == 1 and not whole:
                return None
            if not self._settled(text[start:stop], self._held[cut:]):
                return None
        self._held = self._held[cut:]
        self._keys_lead = keys_lead
        said = plain(text[start:stop])
        if not any(map(str.isalnum, said)):
            return []
        keys = tuple(key for gap in mine for key in gap.keys)
        return [_Sentence(said, keys, item=self._line.item)]

    def _next_line(self, rest: str) -> None:
        self._held = rest
        self._line = None

    def _only_keys(self, line: str) -> bool:
        text, gaps = take_keys(line, self._known)
        return bool(gaps) and not any(map(str.isalnum, text))

    def _settled(self, sentence: str, rest: str) -> bool:
        """Tell whether nothing that follows can change a sentence any more; ``rest`` follows."""
        follows = rest.lstrip()
        line, end, _ = follows.partition("\n")
        if not end:
            # Keys and stray marks belong to the sentence before them, on the next line, too.
            if not any(map(str.isalnum, take_keys(line, self._known)[0])):
                return False
            if could_begin_key(_STRAY.sub("", line)):
                return False
        if "\n" in rest[: len(rest) - len(follows)]:
            return True
        if sentence.endswith("."):
            return bool(_WHOLE_WORD.match(rest))
        return sentence[-1] not in _CLOSERS or len(follows) >= _ATTRIBUTION
