"""Rows and columns as the UI shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from price_assets.export.contract import Contract
from price_assets.export.snapshot import Snapshot

PREVIEW_ROWS = 10


def column_schema(columns: Contract) -> dg.TableSchema:
    """The contract as the catalog's column schema."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.type),
                description=": ".join(filter(None, (column.header, column.description))) or None,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in columns
        ]
    )


def preview(snapshot: Snapshot) -> dg.TableMetadataValue:
    """The first ten rows. All as text, since a table's record takes neither Decimal nor date [DG25]."""
    rows = snapshot.scan().head(PREVIEW_ROWS).collect().select(pl.all().cast(pl.String))
    return table(rows.to_dicts(), [column.name for column in snapshot.columns])


def table(rows: Sequence[Mapping[str, str | int | None]], names: Sequence[str]) -> dg.TableMetadataValue:
    """Rows of text and whole numbers under these column names."""
    schema = dg.TableSchema(columns=[dg.TableColumn(name, "text") for name in names])
    return dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in rows], schema=schema)


def plain(value: dg.MetadataValue[Any]) -> Any:
    """What a value of metadata holds; of a table its rows."""
    return [dict(record.data) for record in value.records] if isinstance(value, dg.TableMetadataValue) else value.value
