"""Numbers written in Chinese characters, read as digits: 二十一 as 21, 二〇二四年 as 2024年."""

import re

_DIGITS = dict(zip("〇零一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [0, 0, *range(1, 10), 2, *range(1, 10)], strict=True))
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_RUN = re.compile(f"[{''.join([*_DIGITS, *_UNITS])}]+")
_COUNTED = frozenset("年月日号时点批期届级类季楼线次条款万亿")
"""What a single numeral or a short row of them must stand before to be a number: 一号线 is, 一般 isn't."""
LONG = 4
TENS = 10


def in_digits(text: str) -> str:
    """A text with each number in digits; what only looks like one, such as 十四五 or 一般, stays."""
    return _RUN.sub(_read, text)


def _read(found: re.Match[str]) -> str:
    run, before, after = found[0], found.string[: found.start()][-1:], found.string[found.end() :][:1]
    counted = before == "第" or after in _COUNTED
    if all(one in _DIGITS for one in run):
        row = "".join(str(_DIGITS[one]) for one in run)
        certain = len(run) >= LONG or (len(run) > 1 and ("〇" in run or "零" in run))
        return row if certain or counted else run
    value = _value(run)
    return run if value is None or (len(run) == 1 and not counted) else str(value)


def _value(run: str) -> int | None:
    """What a number with tens, hundreds and thousands says; None if that is none."""
    total, digit, smallest = 0, None, 10_000
    for one in run:
        if one in _UNITS:
            unit = _UNITS[one]
            if unit >= smallest or (digit is None and not (unit == TENS and total == 0)):
                return None
            total, digit, smallest = total + (1 if digit is None else digit) * unit, None, unit
        elif digit:
            return None
        else:
            digit = _DIGITS[one]
    return total + (digit or 0)
