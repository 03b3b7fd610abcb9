from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import polars as pl
import pytest

from price_assets.errors import Failed
from price_assets.export.formats import verify_xlsx, xlsx
from price_assets.export.formats.xlsx_stream import read_through
from price_assets.export.formats.xlsx_unzip import Abandoned
from price_assets.export.formats.xlsx_zip import ZipEntry, ZipWriter
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.formats.xlsx_files import ABOUT, MOSCOW, OPTIONS, rendered, rendered_and_read
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(sku="text", price="decimal(12,2)", wide="decimal(30,4)", day="date", active="boolean")
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    count = pl.int_range(20, dtype=pl.Int64)
    return snapshot_of(
        tmp_path,
        COLUMNS,
        pl.select(
            sku=pl.format("00{}", count),
            price=count.cast(pl.Decimal(12, 2)) - pl.lit(Decimal("0.55")).cast(pl.Decimal(12, 2)),
            wide=pl.when(count % 4 > 0).then(count.cast(pl.Decimal(30, 4))),
            day=pl.date(2026, 11, 24),
            active=count % 2 == 0,
        ).cast({"price": pl.Decimal(12, 2)}),
    )


def rewritten(path: Path, old: bytes, new: bytes, part: str = SHEET) -> Path:
    """The same workbook with other text in a part, whole by its checksums."""
    with ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    assert old in kept[part]
    kept[part] = kept[part].replace(old, new, 1)
    with ZipWriter(path) as file:
        for name, xml in kept.items():
            with file.entry(name) as entry:
                entry.write(xml)
    return path


@pytest.fixture(params=["whole", "in a stream"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "in a stream":
        monkeypatch.setattr(verify_xlsx, "WHOLE_ROWS", 0)
    return request.param


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("sheet_rows", [7, 100])
def test_a_right_file_gives_the_snapshots_control_sums(tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, sheet_rows: int) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", sheet_rows)
    found = verify_xlsx.verify(rendered(tmp_path, snapshot), snapshot, OPTIONS, MOSCOW)
    assert found == {"price": Decimal("179.00"), "wide": Decimal("150.0000")}
    assert {name: str(total) for name, total in found.items()} == {name: str(total) for name, total in snapshot.control_sums.items()}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("sheet_rows", [7, 100])
def test_what_is_read_behind_the_writer_is_what_is_read_afterwards(
    tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, sheet_rows: int
) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", sheet_rows)
    path, behind = rendered_and_read(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW, behind) == snapshot.control_sums
    assert behind.totals == read_through(path, len(behind.totals.rows), COLUMNS if behind.totals.sums else ())


@pytest.mark.usefixtures("way")
def test_what_the_disk_made_of_it_is_found_behind_the_writer(tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is the file that is read, and not what was meant to be in it."""
    put = ZipEntry._put  # pyright: ignore[reportPrivateUsage]

    def flipped(entry: ZipEntry, deflated: bytes) -> None:
        middle = len(deflated) // 2
        put(entry, deflated[:middle] + bytes(byte ^ 0x55 for byte in deflated[middle : middle + 1]) + deflated[middle + 1 :])

    monkeypatch.setattr(ZipEntry, "_put", flipped)
    path, behind = rendered_and_read(tmp_path, snapshot)
    with pytest.raises(Failed, match=r"file\.xlsx can't be read .*; run it again"):
        verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW, behind)


def test_a_writer_that_fails_is_not_waited_for_by_its_reader(snapshot: Snapshot) -> None:
    behind = verify_xlsx.reader(snapshot)
    with pytest.raises(OSError, match="No space left"):
        xlsx.render(snapshot, OPTIONS, ABOUT, MOSCOW, Path("/dev/full"), behind=behind)
    with pytest.raises(Abandoned):
        _ = behind.totals


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("part", ["xl/styles.xml", "docProps/app.xml"])
def test_a_directory_that_does_not_tell_of_a_part_is_found(tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """The bytes are all there, and no reader would look for them."""

    def forgetful(file: ZipWriter) -> None:
        file._central = [entry for entry in file._central if not entry.endswith(part.encode())]  # pyright: ignore[reportPrivateUsage]
        close(file)

    close = ZipWriter._close  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(ZipWriter, "_close", forgetful)
    path, behind = rendered_and_read(tmp_path, snapshot)
    with pytest.raises(BadZipFile, match=r"is damaged|parts"):
        _ = behind.totals
    with pytest.raises(Failed):
        verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
def test_a_cut_file_is_refused(tmp_path: Path, snapshot: Snapshot) -> None:
    path = rendered(tmp_path, snapshot)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Failed, match=r"file\.xlsx can't be read .*; run it again"):
        verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
def test_any_flipped_byte_of_a_part_is_found(tmp_path: Path, snapshot: Snapshot) -> None:
    path = rendered(tmp_path, snapshot)
    whole = path.read_bytes()
    with ZipFile(path) as archive:
        places = [entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2 for entry in archive.infolist()]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(Failed):
            verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
def test_another_price_is_found(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(Failed, match=r"price"):
        verify_xlsx.verify(rewritten(rendered(tmp_path, snapshot), b"<v>18.45</v>", b"<v>18.46</v>"), snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("old", "new"), [(b"<v>18.45</v>", b"<v>18.4501</v>"), (b"<v>1.0000</v>", b"<v>x</v>"), (b"<v>5.0000</v>", b"<v></v>")])
def test_a_number_that_is_not_its_column_s_is_found(tmp_path: Path, snapshot: Snapshot, old: bytes, new: bytes) -> None:
    with pytest.raises(Failed):
        verify_xlsx.verify(rewritten(rendered(tmp_path, snapshot), old, new), snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
def test_a_lost_row_is_found(tmp_path: Path, snapshot: Snapshot) -> None:
    path = rendered(tmp_path, snapshot)
    with ZipFile(path) as archive:
        row = archive.read(SHEET).partition(b'<row r="21">')[2].partition(b"</row>")[0]
    with pytest.raises(Failed, match=r"file\.xlsx has 19 rows \(19 in wholesale\) where its snapshot has 20"):
        verify_xlsx.verify(rewritten(path, b'<row r="21">' + row + b"</row>", b""), snapshot, OPTIONS, MOSCOW)


@pytest.mark.usefixtures("way")
def test_another_sheet_is_found(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(Failed, match="has the sheets"):
        verify_xlsx.verify(rewritten(rendered(tmp_path, snapshot), b'"wholesale"', b'"retail"', "xl/workbook.xml"), snapshot, OPTIONS, MOSCOW)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b">007</t>", b">07</t>", "row 9, column sku: it says '07' where the snapshot has '007'"),
        (b"<v>18.45</v>", b"<v>18.4501</v>", "row 21, column price: it says 18.4501 where the snapshot has 18.45"),
        (
            b"<v>46350</v>",
            b"<v>46351</v>",
            "row 2, column day: it says datetime.date(2026, 11, 25) where the snapshot has datetime.date(2026, 11, 24)",
        ),
        (b't="b"><v>0</v>', b't="b"><v>1</v>', "row 3, column active: it says True where the snapshot has False"),
        (b'<c r="C3" s="4"><v>1.0000</v></c>', b"", "row 3, column wide: it says None where the snapshot has 1.0"),
    ],
)
def test_any_other_value_is_named_by_sheet_row_and_column(tmp_path: Path, snapshot: Snapshot, old: bytes, new: bytes, told: str) -> None:
    with pytest.raises(Failed) as raised:
        verify_xlsx.verify(rewritten(rendered(tmp_path, snapshot), old, new), snapshot, OPTIONS, MOSCOW)
    assert str(raised.value) == f"file.xlsx, sheet wholesale, {told}; run it again."


def test_another_header_is_found(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(Failed, match=r"sheet wholesale: the header is \['sku', 'cost'"):
        verify_xlsx.verify(
            rewritten(rendered(tmp_path, snapshot), b"<t>price</t>", b"<t>cost</t>", "xl/sharedStrings.xml"), snapshot, OPTIONS, MOSCOW
        )


@pytest.mark.usefixtures("way")
def test_rows_of_nothing_are_counted(tmp_path: Path) -> None:
    """A reader does not see them where they end the sheet."""
    snapshot = snapshot_of(tmp_path, COLUMNS, [[None] * 5, ["1", None, None, None, None], [None] * 5])
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    with pytest.raises(Failed, match="has 3 rows"):
        verify_xlsx.verify(path, replace(snapshot, rows=4), OPTIONS, MOSCOW)
