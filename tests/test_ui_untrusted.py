"""Untrusted text stays text: through Markdown, through HTML, exactly, character by character."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ui.untrusted import inert, inert_html, is_bidi_control, web_url, without_surrogates

# What HTML itself replaces in a character reference: NUL and surrogates. Everything else,
# carriage returns and controls included, comes back as it was.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


class Reader(HTMLParser):
    """Collects the text and the tags that a browser would make of some markup."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.text, self.tags = "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_charref(self, name):
        self.text += chr(int(name))


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(texts)
def test_inert_text_reads_back_exactly_and_makes_no_tag(text):
    reader = read(inert(text))
    assert reader.text == text
    assert reader.tags == []


@given(texts)
def test_inert_text_holds_no_ascii_punctuation_or_white_space_but_its_references(text):
    left = inert(text)
    for char in set(text):
        left = left.replace(f"&#{ord(char)};", "")
    assert all(char.isalnum() or ord(char) > 127 for char in left)
    assert not any(char.isspace() and char != "\x85" for char in left)


@pytest.mark.parametrize(
    "text",
    [
        "# heading",
        "* item",
        "1. item",
        "    code",
        "> quote",
        "![b](https://evil.example/b.png)",
        "[a](javascript:alert(1))",
        "<https://evil.example>",
        "a\n\nb\n---\n| a |\n|---|",
        "&lt;b&gt; &amp; &#60;",
        "**b** _i_ `c` ~~s~~ $$x$$",
        "trailing  \nbreak\\\n",
        "　全角空格　",
    ],
)
def test_markdown_makes_one_paragraph_of_it(text):
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(inert(text))
    assert rendered.startswith("<p>")
    assert rendered.endswith("</p>\n")
    inner = rendered.removeprefix("<p>").removesuffix("</p>\n")
    assert "<" not in inner
    assert html.unescape(inner) == text


def test_letters_and_chinese_punctuation_stay_readable():
    assert inert("有据：98.68%。“引号”，𠮷😀") == "有据：98&#46;68&#37;。&#8220;引号&#8221;，𠮷😀"


@given(texts)
def test_bidirectional_controls_stand_alone_in_isolated_spans(text):
    markup = inert_html(text)
    assert read(markup).text == text
    spans = read(markup).tags
    assert [attrs["title"] for _, attrs in spans] == [
        f"U+{ord(char):04X}" for char in text if is_bidi_control(char)
    ]
    assert {(tag, attrs["class"]) for tag, attrs in spans} <= {("span", "yj-control")}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "http://example.org:8080/a?b=1&c=2#d",
        "HTTPS://例子.测试/路径",
        "http://[::1]/x",
    ],
)
def test_web_addresses_may_be_links(url):
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "/relative",
        "www.example.org",
        "http:///nohost",
        "http://bank.example@evil.example/",
        "http://bank.example\\@evil.example/",
        "http://example.org/a b",
        "http://example.org/\u202egnp.exe",
        "http://example.org:99999/",
        "http://[::1/",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_everything_else_may_not(url):
    assert web_url(url) is None


def test_what_no_encoder_takes_is_replaced():
    assert without_surrogates("a\ud83d\0b😀") == "a\ufffd\ufffdb😀"
