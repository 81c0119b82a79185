"""A synthetic enterprise register: twelve columns, any number of rows, defects in known shares, always the
same.

Codes are well formed (GB 32100) except where a defect is seeded; nobody and no enterprise in it exists.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = (
    "uscc", "ent_name", "phone", "district", "industry", "status",
    "reg_capital", "paid_capital", "found_date", "update_time", "lon", "lat",
)  # fmt: skip
GROUP = 500_000
_SYMBOLS = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_WEIGHTS = np.array([pow(3, at, 31) for at in range(17)])
_DISTRICTS = ["330502", "330503", "330521", "330522", "330523"]
_FIRST = [a + b for a in "湖苕浙德安长南吴织练双埭" for b in "源泰盛丰华瑞达兴隆恒信远博康"]
_SECOND = [a + b for a in "新天金宝云海蓝绿星竹茶丝光" for b in "业邦泽禾景程岳川朗润锦尚合"]
_TRADES = ["科技", "贸易", "建材", "纺织", "信息技术", "物流", "生态农业", "电子商务", "机械", "新能源"]
_FORMS = ["有限公司", "股份有限公司", "合伙企业(有限合伙)", "经营部", "分公司"]

Letters = npt.NDArray[np.uint8]


def write(path: Path, rows: int) -> None:
    """Writes a register of so many rows, in row groups of half a million."""
    random = np.random.default_rng(20261123)
    writer: pq.ParquetWriter | None = None
    for first in range(0, rows, GROUP):
        table = _group(random, first, min(GROUP, rows - first))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()


def _group(random: np.random.Generator, first: int, size: int) -> pa.Table:
    area = random.integers(0, len(_DISTRICTS), size)
    registered = np.round(np.exp(random.normal(5, 1.5, size)), 2)
    registered[_some(random, size, 0.0003)] *= 1e6
    registered[_some(random, size, 0.0002)] *= -1
    paid = np.round(registered * random.random(size), 2)
    above = _some(random, size, 0.004)
    paid[above] = registered[above] + 10
    founded = random.integers(3650, 20_770, size).astype(np.int32)
    founded[_some(random, size, 0.0001)] = 30_000
    updated = random.integers(1_704_067_200, 1_795_392_000, size) * 1_000_000
    lon, lat = random.normal(120.08, 0.18, size).round(6), random.normal(30.78, 0.12, size).round(6)
    nowhere, unplaced = _some(random, size, 0.001), _some(random, size, 0.03)
    lon[nowhere] = lat[nowhere] = 0
    columns = [
        _codes(random, area, first),
        _names(random, size),
        _phones(random, size),
        _chosen(random, _DISTRICTS, area, "330500", 0.0005),
        _chosen(random, [chr(65 + at) for at in range(20)], random.integers(0, 20, size), "Z", 0.001),
        pa.array(["存续", "注销", "吊销", "迁出"]).take(pa.array(random.choice(4, size, p=[0.75, 0.2, 0.03, 0.02]))),
        pa.array(registered, mask=_some(random, size, 0.02)),
        pa.array(paid, mask=_some(random, size, 0.1)),
        pa.array(founded, pa.int32(), mask=_some(random, size, 0.001)).cast(pa.date32()),
        pa.array(updated, pa.int64()).cast(pa.timestamp("us")),
        pa.array(lon, mask=unplaced),
        pa.array(lat, mask=unplaced),
    ]
    return pa.table(columns, names=list(COLUMNS))


def _some(random: np.random.Generator, size: int, share: float) -> npt.NDArray[np.bool_]:
    return random.random(size) < share


def _text(letters: Letters, mask: npt.NDArray[np.bool_]) -> pa.Array:
    rows, width = letters.shape
    flat = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), rows, [None, pa.py_buffer(np.ascontiguousarray(letters))]
    )
    return pc.if_else(pa.array(mask), None, flat.cast(pa.binary()).cast(pa.string()))


def _codes(random: np.random.Generator, area: npt.NDArray[np.int64], first: int) -> pa.Array:
    """Social credit codes, each once: wrong check 0.2 %, a letter that is none 0.1 %, repeated 0.05 %, cut,
    missing."""
    size = len(area)
    value = np.zeros((size, 17), np.int64)
    value[:, :2] = 9, 1
    value[:, 2:8] = np.array([[int(digit) for digit in code] for code in _DISTRICTS])[area]
    serial = (np.arange(first, first + size, dtype=np.int64) * 7919 + 104_729) % (31**8 // 7)
    for at in range(8):
        value[:, 15 - at] = serial % 31
        serial //= 31
    value[:, 16] = value[:, 8:16].sum(axis=1) % 10
    check = -(value @ _WEIGHTS) % 31
    wrong = _some(random, size, 0.002)
    check[wrong] = (check[wrong] + random.integers(1, 31, wrong.sum())) % 31
    letters = np.column_stack([_SYMBOLS[value], _SYMBOLS[check]])
    letters[_some(random, size, 0.001), 10] = ord("I")
    again = np.nonzero(_some(random, size, 0.0005))[0]
    letters[again] = letters[again - np.minimum(again, 7)]
    whole = _text(letters, _some(random, size, 0.003))
    return pc.if_else(pa.array(_some(random, size, 0.0004)), pc.utf8_slice_codeunits(whole, 0, 15), whole)


def _names(random: np.random.Generator, size: int) -> pa.Array:
    def drawn(words: list[str], shares: list[float] | None = None) -> pa.Array:
        return pa.array(words).take(pa.array(random.choice(len(words), size, p=shares)))

    number = pa.array(random.integers(0, 100, size)).cast(pa.string())
    parts = [
        drawn(_FIRST),
        drawn(_SECOND),
        number,
        drawn(_TRADES),
        drawn(_FORMS, [0.7, 0.1, 0.05, 0.1, 0.05]),
    ]
    names = pc.binary_join_element_wise(*parts, "")
    names = pc.if_else(pa.array(_some(random, size, 0.0005)), " 未知", names)
    return pc.if_else(pa.array(_some(random, size, 0.0002)), None, names)


def _phones(random: np.random.Generator, size: int) -> pa.Array:
    letters = np.empty((size, 11), np.uint8)
    letters[:, 0], letters[:, 1] = ord("1"), ord("3") + random.integers(0, 7, size)
    letters[:, 2:] = ord("0") + random.integers(0, 10, (size, 9))
    wrong = _some(random, size, 0.01)
    letters[wrong, 1] = ord("0") + random.integers(0, 3, wrong.sum())
    return _text(letters, _some(random, size, 0.05))


def _chosen(
    random: np.random.Generator, words: list[str], at: npt.NDArray[np.int64], wrong: str, share: float
) -> pa.Array:
    return pc.if_else(pa.array(_some(random, len(at), share)), wrong, pa.array(words).take(pa.array(at)))
