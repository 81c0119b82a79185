"""Rows cut over whole blocks are exactly the rows that Python's strict reader finds one by one."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.reading_files import csv_grid, csv_rows
from catalog.reading_files.csv_grid import Grid
from catalog.reading_files.csv_rows import CsvRows
from catalog.reading_files.shapes import Dialect
from policies.refusals import Invalid


class OneByOne(CsvRows):
    """Never cuts a block: the exact reader does all of it."""

    def _grid(self, _: bytes) -> Grid:
        return csv_grid.lay(b"", self._dialect)


def found(kind: type[CsvRows], path: Path, codec: str, dialect: Dialect, block: int) -> Any:
    """All that a reader says of a file: rows with line and text, refused rows, blank lines; or why it stops."""
    try:
        source = kind(path, codec, dialect, block=block)
    except Invalid as refusal:
        return refusal.code, dict(refusal.params)
    rows, bad = [], []
    try:
        for batch in source.batches():
            columns = [batch.column(position).to_pylist() for position in range(len(source.heading))]
            cells = list(zip(*columns, strict=True))
            rows += [(*batch.origin(row), cells[row]) for row in range(len(batch))]
            bad += batch.bad
    except Invalid as refusal:
        return refusal.code, dict(refusal.params)
    finally:
        source.close()
    return source.heading, rows, bad, source.blank, source.notes


pieces = st.sampled_from(
    [
        ",",
        ",",
        '"',
        '"',
        '""',
        "\n",
        "\n",
        "\r\n",
        "\r",
        "1",
        "湖",
        "a b",
        "\0",
        "\ufeff",
        "\u2028",
        "'",
        ";",
        ',"x"',
        '\n"x",',
    ]
)
orderly = st.sampled_from([",", "\n", "\r\n", "\r", '"a"', '"a\nb"', '"p""q,"', "1", "湖州", '""', '5"', '"\r\n"'])


@settings(max_examples=600, deadline=None)
@example('1,"2\n3,4\n5,"6"\n', 9)
@example(',\n""\n"",""\n', 4)
@example('"1","2\n3\n', 100)
@given(
    st.one_of(st.lists(pieces, max_size=60), st.lists(orderly, max_size=60)).map("".join),
    st.sampled_from([1, 3, 7, 20, 1 << 20]),
)
def test_cut_in_blocks_or_read_one_by_one_it_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int
) -> None:
    path = tmp_path_factory.mktemp("grid") / "a.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "SCOPE", max(block, 5))
        patch.setattr(csv_rows, "EXACT", block)
        for heading in ("a,b\n", "a\n", "a,b,c\r\n"):
            path.write_bytes((heading + text).encode())
            for quote in '"', "'":
                dialect = Dialect(",", quote, "\n")
                expected = found(OneByOne, path, "utf-8", dialect, 1 << 20)
                assert found(CsvRows, path, "utf-8", dialect, block) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=6).filter(lambda cell: "\0" not in cell), min_size=2, max_size=2), max_size=30)
)
def test_what_python_writes_is_never_read_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *table])
    path = tmp_path_factory.mktemp("grid") / "a.csv"
    path.write_text(text.getvalue(), encoding="utf-8", errors="surrogatepass", newline="")
    source = CsvRows(path, "utf-8", Dialect(",", '"', "\n"), block=50)
    kinds = {type(batch) for batch in source.batches()}
    assert kinds <= {csv_grid.GridBatch}
