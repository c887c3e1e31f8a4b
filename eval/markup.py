"""HTML and SVG that cannot be broken by what they show: values in, escaped markup out.

Articles and questions are untrusted. Every text that becomes a child or an attribute is escaped
here, once; only what :func:`tag` itself made is taken as it is.
"""

import html
import re

__all__ = ["Markup", "tag", "visible"]

# A page may not hold control characters, and a reader should see that there was one.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_VOID = {"br", "meta"}


class Markup(str):
    """Markup that is safe to insert as it is."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Make one element. Attribute names lose a closing ``_``, others become ``-``.

    >>> tag("p", "a < b", tag("br"), class_="note")
    '<p class="note">a &lt; b<br></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(visible(_text(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else _escape(child) for child in children)
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{inner}</{name}>")


def visible(text: str) -> str:
    """Replace control characters and lone surrogates, which no page may hold, by �."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _escape(text: str) -> str:
    return html.escape(visible(text), quote=False)


def _text(value: str | float) -> str:
    """A number in an attribute: two decimals are a hundredth of a pixel."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
