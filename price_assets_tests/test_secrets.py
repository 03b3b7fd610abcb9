"""A canary: a planted password is looked for in everything that a run leaves behind or prints."""

from pathlib import Path

import pytest

from price_assets_tests.shop import DAY, Shop

CANARY = "k4n@ry/#%25 +ö"
"""What a URL would percent-encode, too."""
TRACES = ("k4n@ry", "k4n%40ry", "k4n\\u0040ry")


def files_with_traces(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and any(trace.encode() in path.read_bytes() for trace in TRACES)]


@pytest.mark.parametrize("breakage", ["", "wrong password", "sql", "rows", "value", "gone"])
def test_no_secret_is_in_any_output_event_or_file(shop: Shop, breakage: str) -> None:
    role = f"canary_{abs(hash((shop.database.name, breakage)))}"
    shop.database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{CANARY}'; GRANT SELECT ON prices TO {role}")
    home = shop.folder / "home"
    home.mkdir()
    changes = {"DB_USER": role, "DB_PASSWORD": CANARY, "DAGSTER_HOME": str(home)}
    match breakage:
        case "wrong password":
            changes["DB_PASSWORD"] = CANARY + "x"
        case "sql":
            shop.write_list(sql="SELECT sku, name, price, 1/0 AS stock FROM prices WHERE :export_date > valid_on ORDER BY sku")
        case "rows":
            shop.database.execute("UPDATE prices SET price = -1")
        case "value":
            shop.database.execute("ALTER TABLE prices ALTER price TYPE numeric; UPDATE prices SET price = 1.005")
        case "gone":
            shop.write_list(
                sql="SELECT sku, name, price, pg_terminate_backend(pg_backend_pid())::int AS stock FROM prices WHERE :export_date > valid_on"
            )
        case _:
            pass
    done = shop.run("export", "--date", DAY, **changes)
    assert (done.returncode == 0) == (not breakage), done.stderr
    assert not [trace for trace in TRACES if trace in done.stdout + done.stderr]
    assert list(home.rglob("*.db"))
    assert not files_with_traces(home)
    assert not files_with_traces(shop.folder / "lists")
    assert not shop.storage.exists() or not files_with_traces(shop.storage)
    shop.database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
