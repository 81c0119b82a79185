"""Every pair of colours that the theme puts on one another is readable, computed from the tokens themselves."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[2] / "open_portal" / "static" / "css"
TOKENS = dict(re.findall(r"--(tx-[\w-]+): (#[0-9a-f]{6});", (STYLES / "tokens.css").read_text("utf-8")))

TEXT_ON_GROUND = [
    *((text, ground) for text in ("ink", "ink-soft", "link") for ground in ("paper", "wash", "wash-deep")),
    ("visited", "paper"), ("visited", "wash"), ("link-hover", "paper"),
    ("on-brand", "brand"), ("on-brand", "brand-deep"), ("on-brand", "brand-end"), ("on-brand-soft", "brand-deep"),
    ("on-focus", "focus"), ("paper", "good"), ("paper", "error"), ("paper", "good-text"), ("paper", "error-deep"),
    ("good-text", "good-tint"), ("warn-text", "warn-tint"), ("error-text", "error-tint"), ("info-text", "info-tint"),
    ("plum-text", "plum-tint"), ("quiet-text", "quiet-tint"), ("ink", "info-tint"), ("ink", "good-tint"),
    ("ink", "error-tint"), ("ink", "warn-tint"), ("ink-soft", "error-tint"), ("error", "paper"), ("error", "wash"),
    ("good-text", "wash"), ("good-text", "paper"), ("warn-text", "paper"), ("error-text", "paper"),
    *(("ink", f"heat-{step}") for step in range(1, 6)),
    *(("link", f"heat-{step}") for step in range(1, 6)),
]  # fmt: skip
SHAPE_ON_GROUND = [
    *(("control", ground) for ground in ("paper", "wash")),
    *((f"series-{n}", "paper") for n in range(1, 6)),
    ("series-1", "track"), ("good", "track"), ("warn", "track"), ("error", "track"), ("ink", "track"),
    ("brand", "paper"), ("brand", "wash"), ("good", "wash"), ("warn", "wash"), ("focus", "brand"), ("focus", "brand-deep"),
    ("on-focus", "paper"),
]  # fmt: skip


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


@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_is_readable(text: str, ground: str) -> None:
    assert contrast(TOKENS[f"tx-{text}"], TOKENS[f"tx-{ground}"]) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), SHAPE_ON_GROUND)
def test_shapes_stand_out(shape: str, ground: str) -> None:
    assert contrast(TOKENS[f"tx-{shape}"], TOKENS[f"tx-{ground}"]) >= 3


def test_main_text_is_very_readable() -> None:
    assert contrast(TOKENS["tx-ink"], TOKENS["tx-paper"]) >= 7
    assert contrast(TOKENS["tx-ink-soft"], TOKENS["tx-paper"]) >= 7
