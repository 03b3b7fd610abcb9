import json
from datetime import UTC, date, datetime
from decimal import Decimal

from price_assets.export.manifest import Manifest, beside_json
from price_assets.export.register import FileReference, Standing

DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_a_control_sum_is_exact_and_has_no_exponent() -> None:
    manifest = Manifest.model_validate(
        {"price_list": "w", "export_date": DAY, "revision": "R", "snapshot": "S", "content": "C", "source_time": SIX, "run_id": "run", "rows": 0}
        | {"files": (), "control_sums": {"big": Decimal("12345678901234567890123456789.10"), "none": Decimal("0E-12")}, "contract": (), "checks": ()}
        | {"versions": {}}
    )
    assert json.loads(manifest.to_json())["control_sums"] == {"big": "12345678901234567890123456789.10", "none": "0.000000000000"}
    assert Manifest.model_validate_json(manifest.to_json()) == manifest


def test_the_files_of_a_manifest_are_references_again() -> None:
    file = {"format": "csv", "name": "a.csv", "key": "_files/a.csv", "bytes": 3, "sha256": "11" * 32, "rows": 2}
    manifest = Manifest.model_validate_json(
        json.dumps(
            {"version": 1, "price_list": "w", "export_date": "2026-11-24", "revision": "R", "snapshot": "S", "content": "C"}
            | {
                "source_time": "2026-11-24T06:00:00.000000Z",
                "run_id": "run",
                "rows": 2,
                "files": [file],
                "control_sums": {},
                "contract": [],
                "checks": [],
            }
            | {"versions": {}}
        )
    )
    assert manifest.references == (FileReference("csv", "S", "C", "a.csv", "_files/a.csv", 3, 2, "11" * 32),)


def test_where_nothing_is_published_any_more_the_manifest_names_nothing() -> None:
    assert json.loads(beside_json("w", Standing(DAY, None, 7, ever=True), None)) == {
        "version": 1,
        "price_list": "w",
        "export_date": "2026-11-24",
        "revision": None,
        "files": [],
        "commits": 7,
    }
