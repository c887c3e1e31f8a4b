"""The theme of the chat page: what Gradio's own parts take of the look in ``static/base.css``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

__all__ = ["theme"]

_PAPER = ("#f6f5f1", "#15181b")
"""The page behind everything, light and dark: --yj-paper in static/base.css."""


def theme() -> "Base":
    """The page's theme: system fonts only, and the colours that Gradio's own parts take."""
    import gradio as gr

    fonts = [
        "system-ui",
        "PingFang SC",
        "Microsoft YaHei",
        "Noto Sans SC",
        "Noto Sans CJK SC",
        "WenQuanYi Zen Hei",
        "sans-serif",
    ]
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        font=fonts,
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
    colours = {
        "body_background_fill": _PAPER[0],
        "body_text_color": "var(--yj-ink)",
        "body_text_color_subdued": "var(--yj-quiet)",
        "background_fill_primary": "var(--yj-surface)",
        "background_fill_secondary": "var(--yj-paper)",
        "border_color_primary": "var(--yj-line)",
        "link_text_color": "var(--yj-accent)",
        "link_text_color_hover": "var(--yj-accent)",
        "link_text_color_visited": "var(--yj-accent)",
        "link_text_color_active": "var(--yj-accent)",
        "input_background_fill": "var(--yj-surface)",
        "input_border_color": "var(--yj-line)",
        "input_placeholder_color": "var(--yj-quiet)",
        "button_secondary_background_fill": "var(--yj-surface)",
        "button_secondary_text_color": "var(--yj-ink)",
        "button_secondary_border_color": "var(--yj-line)",
    }
    # The variables themselves change with the scheme, so both schemes name the same ones.
    both = {
        f"{name}{suffix}": value
        for name, value in colours.items()
        for suffix in ("", "_dark")
        if not (suffix and name.startswith("font"))
    }
    # Literal: Gradio paints it before our style sheet has arrived.
    both["body_background_fill_dark"] = _PAPER[1]
    return base.set(**both)
