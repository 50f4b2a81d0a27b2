"""How a Parquet file becomes columns of text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtl.language import _
from mtl.tables.limits import Limits, TableError


def read_parquet(data: bytes, limits: Limits) -> pa.Table:
    """Read a Parquet file; every column as strings, null where missing.

    Numbers are written so that they read back as the same, days and moments as ISO 8601 has them, NaN as nothing.

    Raises
    ------
    TableError
        No Parquet file, beyond the limits, or a column of lists or structures.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        limits.check_columns(len(file.schema_arrow))
        limits.check_rows(file.metadata.num_rows)
        groups = [file.metadata.row_group(place) for place in range(file.metadata.num_row_groups)]
        limits.check_unpacked(sum(group.total_byte_size for group in groups))
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            _("The Parquet file cannot be read ({reason}). Write it again.").format(reason=str(error)[:80])
        ) from None
    columns = [_strings(table.column(place), table.schema.field(place)) for place in range(table.num_columns)]
    return pa.table(columns, names=[str(place) for place in range(table.num_columns)])


def _strings(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    kind = field.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = kind.value_type
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    elif pa.types.is_timestamp(kind):
        column = _moments(pc.cast(column, pa.timestamp("us"), safe=False))
    try:
        texts = pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise TableError(
            _("Column {column}: {kind} is no table cell. Leave the column out or write it as text.").format(
                column=str(field.name)[:60], kind=str(kind)[:40]
            )
        ) from None
    if pa.types.is_floating(kind):
        texts = pc.replace_substring_regex(texts, r"\.0$", "")
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Days without a clock, and moments without needless zeros."""
    texts = pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0+$", "")
    days = pc.replace_substring_regex(texts, r" 00:00:00$", "")
    midnight = pc.all(pc.fill_null(pc.equal(pc.utf8_length(days), 10), True))
    return days if midnight.as_py() else texts
