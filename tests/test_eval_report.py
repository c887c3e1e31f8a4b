"""The report of a run: what it tells, that it stands alone, and that nothing breaks out of it."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from eval_runs import answer, case, citation, passage, write_run

from eval.compare_report import asked_in
from eval.document import Cell, Fold, Heading, Table, Text, markdown, terminal
from eval.failures import failure, worst
from eval.markup import tag
from eval.plots import Axis, Point, histogram, plot, ticks
from eval.report import write_report
from eval.runs import read_run
from eval.worst_case import marked

EVIL = '</script><img src=x onerror="alert(1)">\x00\u202e[link](javascript:alert(1)) | `x`'


class Elements(HTMLParser):
    """Which elements and attributes a page is made of, and whether it is well nested."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes, self.text, self.open = set(), set(), [], []

    def handle_starttag(self, name, attributes):
        self.names.add(name)
        self.attributes |= {key for key, _ in attributes}
        if name not in {"meta", "br"}:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.names.add(name)
        self.attributes |= {key for key, _ in attributes}

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.text.append(data)


def parsed(html):
    elements = Elements()
    elements.feed(html)
    elements.close()
    assert elements.open == []
    return elements


@pytest.fixture
def rows():
    text = "去年共有12家。今年有15家分行。"
    found = [passage(text, start=100), passage("别的。", path="b.md", title=EVIL)]
    cited = [citation(1, 107, 115, text[7:15])]
    good = {"recall@5": 1, "complete": 1, "correct": 1, "F1": 0.5}
    return [
        case("right", metrics=good, answer=answer(passages=found, probability=0.9)),
        case(
            "beside",
            metrics=good | {"correct": 0},
            question=EVIL,
            answer=answer(EVIL, passages=found, citations=cited, probability=0.8),
            gold={"answers": ["12家"], "spans": [[{"article": "a.md", "start": 104, "end": 110}]]},
        ),
        case(
            "not-found",
            metrics=good | {"correct": 0, "complete": 0},
            answer=answer(probability=0.7),
            lang="en",
        ),
        case(
            "declined",
            metrics=good | {"correct": 0},
            answer=answer("", abstained=True, probability=0.2),
        ),
        case(
            "overconfident",
            metrics={"recall@5": None, "complete": None, "correct": 0, "F1": None},
            answerable=False,
            answer=answer(probability=0.6),
        ),
        case(
            "broken",
            metrics=dict.fromkeys(good, 0),
            answer=None,
            error={"type": "RemoteError", "message": EVIL},
        ),
    ]


@pytest.fixture
def run(tmp_path, rows):
    return read_run(write_run(tmp_path / "run", rows, totals={"declining_F1": 0.25}))


def test_a_case_goes_wrong_in_one_way(run):
    assert {row.id: failure(row) for row in run.rows} == {
        "right": None,
        "beside": "beside",
        "not-found": "not_found",
        "declined": "declined",
        "overconfident": "overconfident",
        "broken": "error",
    }


def test_the_worst_cases_are_taken_in_turn(tmp_path):
    rows = [
        case("d1", metrics={"F1": 0.4}, answer=answer(abstained=True)),
        case("d2", metrics={"F1": 0.1}, answer=answer(abstained=True)),
        case("d3", metrics={"F1": 0.2}, answer=answer(abstained=True)),
        case("o1", metrics={"F1": 0.9}, answerable=False),
    ]
    run = read_run(write_run(tmp_path / "run", rows))
    assert [row.id for row in worst(run, limit=3)] == ["o1", "d2", "d3"]


def test_the_page_stands_alone_and_nothing_breaks_out(run):
    _, path = write_report(run.folder)
    html = path.read_text(encoding="utf-8")
    elements = parsed(html)
    assert elements.names & {"script", "img", "iframe", "a", "link", "object", "form"} == set()
    assert [name for name in elements.attributes if name.startswith("on")] == []
    assert {"src", "href", "xlink:href", "style"} & elements.attributes == set()
    assert "default-src 'none'" in unescape(html)
    assert "url(" not in html
    assert "\x00" not in html
    # The evil text is shown, as text.
    assert EVIL.replace("\x00", "\N{REPLACEMENT CHARACTER}") in elements.text


def test_the_page_tells_what_it_should(run):
    md, html = write_report(run.folder)
    page, text = html.read_text(encoding="utf-8"), md.read_text(encoding="utf-8")
    for told in (
        "How well",
        "What went wrong",
        "Slice by slice",
        "Does it know what it knows?",
        "How fast",
        "The 5 worst cases",
        "1 case raised an error and score 0: RemoteError (1).",
        "5 of 6 cases went wrong.",
    ):
        assert told in page
        assert told in text.replace("\\", "")
    # Of five cases with a probability one is right, and it is the surest.
    assert "without a right answer are 0.667 of the surer half, 0.800 of all" in page
    assert "p50 10 ms, p95 20 ms" in page
    assert '<mark class="cited" title="cited">' in page
    assert "| declining\\_F1 | 0.250 |" in text
    # Names alone tell nobody what was measured, nor a plot what it shows in a text.
    assert "| share of the needed facts that were found among the first 5, by article |" in text
    assert "Reliability: on the diagonal" in text
    assert "| 0.80 | 1.00 | 1 |" in text


def test_a_question_that_leans_on_another_is_shown_with_it(tmp_path):
    dialogue = [{"question": "谁是董事长？", "answer": "方敬尧。"}, {"question": "今年几岁？"}]
    leaning = case(
        "f",
        metrics={"correct": 0, "complete": 1},
        question="那年薪呢？",
        dialogue=dialogue,
        answer=answer(searched="方敬尧的年薪？"),
    )
    md, _ = write_report(write_run(tmp_path / "run", [leaning]))
    text = md.read_text(encoding="utf-8")
    assert "- asked before: 谁是董事长？ – 方敬尧。\n- asked before: 今年几岁？\n" in text
    assert "- searched as: 方敬尧的年薪？" in text
    run = read_run(tmp_path / "run")
    assert asked_in(run)("f").question == "那年薪呢？ (after: 今年几岁？)"


def test_quotes_in_place_of_a_generator_that_failed_are_not_missed(run):
    path = run.folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(summary | {"fallbacks": 2}), encoding="utf-8")
    md, _ = write_report(run.folder)
    assert "> **In 2 cases the generator failed and quotes took its place" in md.read_text("utf-8")


def test_without_a_probability_the_page_says_so(tmp_path):
    run = write_run(tmp_path / "run", [case("1", metrics={"m": 1})])
    _, path = write_report(run)
    assert "carry no probability" in path.read_text(encoding="utf-8")


def test_an_unfinished_run_says_so(tmp_path, rows):
    folder = write_run(tmp_path / "run", rows, status="interrupted")
    _, path = write_report(folder)
    assert "This run is not finished: 6 of 6 cases" in path.read_text(encoding="utf-8")


def test_what_changed_since_the_baseline(tmp_path):
    old = write_run(tmp_path / "old", [case("1", metrics={"m": 1}), case("2", metrics={"m": 0})])
    new = write_run(tmp_path / "new", [case("1", metrics={"m": 0}), case("2", metrics={"m": 0})])
    _, path = write_report(new, baseline=old)
    html = path.read_text(encoding="utf-8")
    assert "What changed since the baseline" in html
    assert "Got worse: 1 question<" in html
    assert "−0.500" in html
    _, path = write_report(new, baseline=new)
    assert "Nothing: every case scores as in" in path.read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_page(run):
    first = [path.read_bytes() for path in write_report(run.folder)]
    assert [path.read_bytes() for path in write_report(run.folder)] == first


def test_marks_meet_the_characters_of_the_article():
    article = "零一二三四五六七八九"
    spans = marked(article[2:8], 2, cited=[(0, 4), (7, 10)], gold=[(3, 5), (9, 12)])
    assert [(s.text, s.mark) for s in spans] == [
        ("二", "cited"),
        ("三", "both"),
        ("四", "gold"),
        ("五六", ""),
        ("七", "cited"),
    ]
    assert "".join(s.text for s in spans) == article[2:8]


def test_tags_escape_children_and_attributes():
    assert tag("p", '<b>"&', title='"><x', class_=None) == (
        '<p title="&quot;&gt;&lt;x">&lt;b&gt;"&amp;</p>'
    )
    assert tag("p", tag("b", "<")) == "<p><b>&lt;</b></p>"


def test_a_plot_puts_its_points_where_they_belong():
    drawing = plot(
        Axis("x", 0, 10),
        Axis("y", 0, 1),
        title="T",
        told="told",
        points=[Point(0, 0, strong=True), Point(10, 1, label="best", told="<the best>")],
        line=[(0, 0), (10, 1)],
    )
    elements = parsed(drawing)
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawing)
    (x0, y0), (x1, y1) = [(float(x), float(y)) for x, y in places]
    assert x0 < x1
    assert y0 > y1  # upwards is a smaller y
    assert f"M{x0:g} {y0:g}L{x1:g} {y1:g}" in drawing
    assert {"T", "told", "best", "<the best>", "x", "y"} <= set(elements.text)


def test_labels_that_would_lie_over_each_other_are_one():
    points = [Point(0.5, 0.5, label="1"), Point(0.51, 0.5, label="2"), Point(0.9, 0.5, label="3")]
    drawn = plot(Axis("x", 0, 1), Axis("y", 0, 1), title="t", told="", points=points)
    labels = re.findall(r">([\d, ]+)</text>", drawn)
    assert ("1, 2" in labels, "2" in labels, "3" in labels) == (True, False, True)
    assert drawn.count("<circle") == 3


def test_a_histogram_counts_every_value():
    drawing = histogram([1, 1, 9, 10, 500], title="T", told="", label="ms", marks=[(10, "p50")])
    told = re.findall(r"<title>[\d.e+]+ to ([\w.]+): (\d+) cases</title>", drawing)
    assert sum(int(count) for _, count in told) == 5
    assert told[-1] == ("more", "1")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.82, 0.9, [0.82, 0.84, 0.86, 0.88, 0.9]),
        (0, 50_000, [0, 10_000, 20_000, 30_000, 40_000, 50_000]),
        (-0.3, 0.3, [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == expected


def test_blocks_for_a_terminal_and_as_markdown():
    table = Table(
        ("名", "n", "", "said"),
        (("中文", "1", Cell("", drawing=tag("svg")), "a"), ("b", "20", "", "*x* | y")),
        words=frozenset({3}),
    )
    blocks = [Heading("Title", 1), Text("1. no list"), table, Fold("More", (Text("inside"),))]
    assert terminal(blocks) == (
        "Title\n=====\n1. no list\n\n名     n  said\n中文   1  a\nb     20  *x* | y\n\n"
        "- More\ninside\n"
    )
    assert markdown(blocks) == (
        "# Title\n\n1\\. no list\n\n| 名 | n | said |\n|---|---:|---|\n| 中文 | 1 | a |\n"
        "| b | 20 | \\*x\\* \\| y |\n\n#### More\n\ninside\n"
    )
