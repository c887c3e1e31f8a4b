"""The collection behind the page: the generation that is served now, as the page wants to see it.

In: an asker over an open index. Out: answers, articles and a summary, each of one generation from
beginning to end. When another generation was published, by the page or by ``youju index`` in
another process, or the file of curated answers was edited, that is opened in the background and
takes over once it can answer; answers under way keep the one they began with, which is closed when
the last of them ends.
"""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path

from eval.cases import Case, load_cases
from eval.gold import GoldFinder
from eval.metrics.citations import overlaps
from index.article import Article, Script
from index.errors import IndexMismatchError, UsageError, YoujuError
from index.fold import fold
from index.language import detect_script
from index.passage import NO_FILTERS, Filters
from index.search import Index, open_index
from index.store import current_name
from rag.answer import Asker, today
from rag.question import Asked, Turn
from rag.schema import Event
from ui.page import CollectionSummary, Facet

__all__ = ["Collection"]

_SAMPLE_CASES = Path(__file__).parents[1] / "eval" / "sets" / "sample.jsonl"
_EXAMPLES = 3
_FACETS = 300
"""More values to filter by than these nobody looks through; the most frequent stay."""

_CHECK_EVERY_S = 2.0
"""How old the answer to "is there a newer generation?" may be: reading a file of eight bytes is
cheap, and nobody notices two seconds."""

_TRY_AGAIN_S = 60.0
"""What could not be opened is left alone for so long, unless it changes."""

_log = logging.getLogger(__name__)


_State = tuple[str, tuple[int, ...]]
"""What decides the answers on the disk: the generation, and a stamp of the curated answers."""


class _Served:
    """One generation with the curated answers as they were, and who still uses it."""

    def __init__(self, asker: Asker, state: _State) -> None:
        self.asker = asker
        self.state = state
        self.quotes = asker.config.answer.generator == asker.extractive.name
        self.users = 0
        self.is_retired = False
        self._summary: CollectionSummary | None = None
        self._summarising = threading.Lock()

    def summary(self) -> CollectionSummary:
        """Made when it is first asked for, and once: a generation never changes.

        Raises:
            YoujuError: no question could be answered, see ``Asker.prepare``. So the page does not
                start, and a new generation does not take over.
        """
        with self._summarising:
            if self._summary is None:
                self.asker.prepare()
                self._summary = _summary(self.asker)
            return self._summary


class Collection:
    """The current generation with what the page shows around it. Safe to share by threads."""

    def __init__(self, asker: Asker, *, check_every_s: float = _CHECK_EVERY_S) -> None:
        """Serve an asker's index until a newer generation is published in its folder."""
        self.directory = asker.index.folder.parent.parent
        self._check_every_s = check_every_s
        self._checked = time.monotonic()
        self._lock = threading.Lock()  # guards what is served and its count of users
        self._opening = threading.Lock()  # held by the one thread that opens a generation
        self._refused: tuple[_State, float] | None = None  # what could not be opened, and when
        # Quoting is all computing: more at once than there are processors only make each other
        # late. A model that is waited for is another matter.
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)
        # Before anything is read: what is edited from now on is noticed.
        self._served = _Served(asker, (asker.index.generation, _stamp(asker)))

    def stream(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
    ) -> Iterator[Event]:
        """Answer a question event by event, all of it from one generation."""
        self.refresh(max_age_s=self._check_every_s)
        with self._in_use() as served, self._slots if served.quotes else nullcontext():
            yield from served.asker.stream_to(_asked(question, dialogue, without, filters))

    def further(
        self,
        question: str,
        *,
        declined: bool,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
    ) -> tuple[str, ...]:
        """Further questions that the collection answers."""
        with self._in_use() as served:
            asked = _asked(question, dialogue, without, filters)
            return served.asker.further(asked, declined=declined)

    def article(self, article_id: str) -> Article:
        """The article with this id; KeyError when there is none."""
        with self._in_use() as served:
            return served.asker.index.article(article_id)

    def summary(self) -> CollectionSummary:
        """What the page says of the collection."""
        with self._in_use() as served:
            return served.summary()

    @contextmanager
    def index(self) -> Iterator[Index]:
        """The index that is served, kept open for as long as it is looked at."""
        with self._in_use() as served:
            yield served.asker.index

    def refresh(self, *, max_age_s: float = 0.0) -> None:
        """Serve what is current on the disk, unless that was looked up just now.

        With a ``max_age_s`` nobody waits: one thread opens what is new in the background, and all
        go on meanwhile with what is served; at 0 this returns when it is served. What cannot be
        opened is left alone: what was before goes on serving.
        """
        if max_age_s == 0:
            with self._opening:
                self._follow(self._changed())
            return
        if time.monotonic() - self._checked < max_age_s:
            return
        if not self._opening.acquire(blocking=False):
            return
        changed = self._changed()
        if changed is None or self._is_refused(changed):
            self._opening.release()
            return
        threading.Thread(
            target=self._follow_and_release, args=(changed,), daemon=True, name="youju-opening"
        ).start()

    def _changed(self) -> _State | None:
        """What stands on the disk, None where that is served."""
        self._checked = time.monotonic()
        name = current_name(self.directory)
        with self._in_use() as served:
            if name is None or (state := (name, _stamp(served.asker))) == served.state:
                return None
            return state

    def _is_refused(self, state: _State) -> bool:
        if self._refused is None:
            return False
        refused, when = self._refused
        return state == refused and time.monotonic() - when < _TRY_AGAIN_S

    def _follow_and_release(self, state: _State) -> None:
        try:
            self._follow(state)
        finally:
            self._opening.release()

    def _follow(self, state: _State | None) -> None:
        """Open what stands on the disk and let it take over. Only by the thread that may open."""
        if state is None:
            return
        try:
            with self._in_use() as served:
                fresh = _opened(self.directory, served.asker, state)
        except (YoujuError, OSError) as error:
            self._refused = (state, time.monotonic())
            _log.warning("%s is not served: %s", state[0], error)
            return
        except Exception:
            # Whatever is wrong with what is new, what was before goes on answering.
            self._refused = (state, time.monotonic())
            _log.exception("%s is not served", state[0])
            return
        self._refused = None
        with self._lock:
            if self._served.is_retired:  # closed meanwhile
                fresh.asker.index.close()
                return
            self._served, retired = fresh, self._served
            self._retire(retired)
        _log.info("serving %s", fresh.asker.index.generation)

    def close(self) -> None:
        """Let go of the index, once the last answer has ended."""
        with self._lock:
            self._retire(self._served)

    @contextmanager
    def _in_use(self) -> Iterator[_Served]:
        with self._lock:
            served = self._served
            served.users += 1
        try:
            yield served
        finally:
            with self._lock:
                served.users -= 1
                if served.is_retired and served.users == 0:
                    served.asker.index.close()

    def _retire(self, served: _Served) -> None:
        """Close a generation when nobody uses it any more. Only with the lock held."""
        served.is_retired = True
        if served.users == 0:
            served.asker.index.close()


def _open(directory: Path, before: Index) -> Index:
    """Open the current generation with the embedder that is loaded, when that is the right one."""
    try:
        return open_index(directory, embedder=before.embedder)
    except IndexMismatchError:
        return open_index(directory)


def _opened(directory: Path, before: Asker, state: _State) -> _Served:
    """Open a generation with all that a question needs: what fails, fails before it is served."""
    index = _open(directory, before.index)
    try:
        # Loads no model that is loaded.
        fresh = _Served(before.over(index), (index.generation, state[1]))
        fresh.summary()
    except BaseException:
        index.close()
        raise
    return fresh


def _stamp(asker: Asker) -> tuple[int, ...]:
    """Tells one version of the file of curated answers from another; () where there is none."""
    name = asker.config.answer.curated
    if not name:
        return ()
    try:
        stat = os.stat(name)  # noqa: PTH116 - as it is named in the settings
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _summary(asker: Asker) -> CollectionSummary:
    articles = list(asker.index.articles())
    days = sorted(a.published for a in articles if a.published)
    manifest = asker.index.manifest
    return CollectionSummary(
        articles=manifest.counts.articles,
        chunks=manifest.counts.chunks,
        earliest=days[0] if days else None,
        latest=days[-1] if days else None,
        generation=manifest.generation,
        built=datetime.fromisoformat(manifest.created),
        examples=_examples(asker, articles),
        max_question_chars=asker.config.answer.max_question_chars,
        sources=_facets(a.source for a in articles if a.source),
        languages=_facets(a.language for a in articles),
        tags=_facets(tag for a in articles for tag in {fold(t): t for t in a.tags}.values()),
        quotes=asker.config.answer.generator == asker.extractive.name,
    )


def _asked(
    question: str, dialogue: Sequence[Turn], without: Sequence[str], filters: Filters
) -> Asked:
    return Asked(
        question, today(), dialogue=tuple(dialogue), filters=filters, without=tuple(without)
    )


def _facets(values: Iterable[str]) -> tuple[Facet, ...]:
    """Count values as the filters compare them: 工行 and 工 行 are two, ABC and abc are one."""
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for value in values:
        folded = fold(value)
        counts[folded] += 1
        spelt.setdefault(folded, value)
    ordered = sorted(counts, key=lambda folded: (-counts[folded], folded))
    return tuple(Facet(spelt[folded], counts[folded]) for folded in ordered[:_FACETS])


def _examples(asker: Asker, articles: Sequence[Article]) -> tuple[str, ...]:
    """Questions that this collection does not decline: each was asked before it is offered.

    Some in Chinese and some in English, where there are such: the page shows its own first.
    The sample collection has cases of its own, of which those serve whose answer begins with a
    gold span; for any other collection the titles serve.
    """
    paths = {article.path for article in articles}
    own = [
        case
        for case in load_cases(_SAMPLE_CASES)
        if case.gold
        and not case.dialogue
        and all(span.article in paths for fact in case.gold for span in fact)
    ]
    if own:
        # Spread over the set, which goes article by article, rather than its first few.
        def is_good(question: str) -> bool:
            return _begins_with_gold(asker, cases[question], gold)

        gold = GoldFinder(asker.index)
        cases = {case.question: case for case in own}
        offered = list(cases)
    else:

        def is_good(question: str) -> bool:
            return _is_answered(asker, question)

        offered = [article.title for article in articles]
    good: list[str] = []
    for is_latin in (False, True):
        written = [
            q for q in dict.fromkeys(offered) if (detect_script(q) is Script.LATIN) is is_latin
        ]
        asked = written[:: max(1, len(written) // (4 * _EXAMPLES))][: 5 * _EXAMPLES]
        good.extend(islice(filter(is_good, asked), _EXAMPLES))
    return tuple(good)


def _begins_with_gold(asker: Asker, case: Case, gold: GoldFinder) -> bool:
    try:
        facts = gold.locate(case).facts
    except UsageError:  # somebody edited this article of the sample collection
        return False
    cited = [(c.article_id, c.start, c.end) for c in asker.answer(case.question).citations[:1]]
    return any(overlaps(one, span) for one in cited for fact in facts for span in fact)


def _is_answered(asker: Asker, question: str) -> bool:
    try:
        return not asker.answer(question).abstained
    except UsageError:
        return False
