"""Every pair of colours that the theme lays on one another is readable, computed from the tokens."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[2] / "open_portal" / "static" / "css"
TOKENS = dict(re.findall(r"--(tx-[\w-]+): (#[0-9a-f]{6});", (STYLES / "tokens.css").read_text("utf-8")))

# ground: what is written or drawn on it
TEXT_ON = {
    "paper": (
        "ink",
        "ink-soft",
        "link",
        "link-hover",
        "visited",
        "error",
        "good-text",
        "warn-text",
        "error-text",
    ),
    "wash": ("ink", "ink-soft", "link", "visited", "error", "good-text"),
    "wash-deep": ("ink", "ink-soft", "link"),
    "brand": ("on-brand",),
    "brand-deep": ("on-brand", "on-brand-soft"),
    "brand-end": ("on-brand",),
    "focus": ("on-focus",),
    "good": ("paper",),
    "good-text": ("paper",),
    "error": ("paper",),
    "error-deep": ("paper",),
    "good-tint": ("good-text", "ink"),
    "warn-tint": ("warn-text", "ink"),
    "error-tint": ("error-text", "ink", "ink-soft"),
    "info-tint": ("info-text", "ink"),
    "plum-tint": ("plum-text",),
    "quiet-tint": ("quiet-text",),
    "heat-1": ("ink", "link"),
    "heat-2": ("ink", "link"),
    "heat-3": ("ink", "link"),
    "heat-4": ("ink", "link"),
    "heat-5": ("ink", "link"),
}
SHAPE_ON = {
    "paper": ("control", "brand", "on-focus", "series-1", "series-2", "series-3", "series-4", "series-5"),
    "wash": ("control", "brand", "good", "warn"),
    "brand": ("focus",),
    "brand-deep": ("focus",),
    "track": ("series-1", "good", "warn", "error", "ink"),
}


def pairs(grounds: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(front, ground) for ground, fronts in grounds.items() for front in fronts]


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_knows_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), pairs(TEXT_ON))
def test_text_is_readable(text: str, ground: str) -> None:
    assert contrast(TOKENS[f"tx-{text}"], TOKENS[f"tx-{ground}"]) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), pairs(SHAPE_ON))
def test_shapes_stand_out(shape: str, ground: str) -> None:
    assert contrast(TOKENS[f"tx-{shape}"], TOKENS[f"tx-{ground}"]) >= 3


def test_main_text_is_very_readable() -> None:
    assert contrast(TOKENS["tx-ink"], TOKENS["tx-paper"]) >= 7
    assert contrast(TOKENS["tx-ink-soft"], TOKENS["tx-paper"]) >= 7
