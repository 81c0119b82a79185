"""The agreement's Markdown as HTML: no markup of anybody's own, and headings that fit below the page's."""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "br"}
DEEPEST = 4
_markdown = MarkdownIt("commonmark", {"html": False})


def render(text: str) -> Markup:
    """The text with each heading one level down; links, pictures and raw HTML stay out."""
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, DEEPEST)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(nh3.clean(html, tags=TAGS, attributes={}))  # noqa: S704 - cleaned one line above
