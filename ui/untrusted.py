"""Text from articles, questions and models, made safe to stand inside the page's markup.

In: any string at all. Out: a string that Markdown, the HTML parser, KaTeX and Gradio's own
templates all read as plain text, and that the browser turns back into exactly the same
characters. It knows nothing of answers or of Gradio.

Escaping ``<>&"`` is not enough: the chat renders Markdown after HTML, and its sanitiser keeps
images, forms and inline styles. So nothing that is not a letter or a digit stays as itself.
"""

import unicodedata
from urllib.parse import urlsplit

__all__ = ["inert", "inert_html", "is_bidi_control", "web_url", "without_surrogates"]

# The characters that reorder what stands after them (Unicode UAX #9): marks, embeddings,
# overrides, isolates.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def is_bidi_control(char: str) -> bool:
    """Tell whether a character changes the direction of the text around it."""
    return char in _BIDI_CONTROLS


def inert(text: str) -> str:
    """Write a text so that it is plain text in Markdown, in HTML and in an attribute's value.

    Letters, digits and CJK punctuation stay; all else, white space included, becomes a numeric
    character reference. The browser shows the same characters, except that U+0000 and lone
    surrogates become U+FFFD, as HTML demands.

    >>> inert("a<b> 5%")
    'a&#60;b&#62;&#32;5&#37;'
    """
    return "".join(char if _may_stay(char) else f"&#{ord(char)};" for char in text)


def inert_html(text: str) -> str:
    """Write a text as :func:`inert` does, with every bidirectional control fenced in.

    A control inside an isolated ``span`` reorders nothing outside it; the style sheet shows
    its name, taken from ``title``. The characters themselves are all still there.
    """
    parts: list[str] = []
    for char in text:
        if is_bidi_control(char):
            code = ord(char)
            parts.append(f'<span class="yj-control" title="U+{code:04X}">&#{code};</span>')
        else:
            parts.append(inert(char))
    return "".join(parts)


def web_url(url: str | None) -> str | None:
    """Return the URL when a page may link to it, else None.

    Only http and https with a host, no user name (``http://bank.example@evil.example``), and
    no white space, control or backslash, which browsers and parsers read differently.

    >>> web_url("https://example.org/a?b=1#c")
    'https://example.org/a?b=1#c'
    >>> web_url("javascript:alert(1)") is None
    True
    """
    if not url or len(url) > 4096 or "\\" in url:
        return None
    if any(char.isspace() or unicodedata.category(char).startswith("C") for char in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises ValueError when it is no port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return url


def without_surrogates(text: str) -> str:
    """Replace lone surrogates and U+0000 by U+FFFD: no encoder or database takes them.

    A JSON body can carry them (an escape for half a pair), so a question can.
    """
    return "".join(
        "\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text
    )


def _may_stay(char: str) -> bool:
    """Letters and digits of every script, the rest of CJK, and C1 controls stay as they are.

    HTML reads ``&#128;`` to ``&#159;`` as windows-1252, so a reference would change C1 controls.
    From U+3001 on only white space and invisible characters are written as references.
    """
    code = ord(char)
    if code < 0x80:
        return char.isalnum()
    if code < 0xA0:
        return True
    if char.isalnum():
        return True
    if code <= 0x3000 or char.isspace():
        return False
    return not unicodedata.category(char).startswith("C")
