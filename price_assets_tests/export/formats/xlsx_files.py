"""Workbooks for tests: rendered from a few rows, and read by openpyxl and LibreOffice."""

import csv
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from price_assets.export.formats import verify_xlsx, xlsx
from price_assets.export.formats.xlsx_stream import ReadBehind
from price_assets.export.price_list import XlsxOptions
from price_assets.export.snapshot import Snapshot

MOSCOW = ZoneInfo("Europe/Moscow")
OPTIONS = XlsxOptions()
ABOUT = xlsx.About("wholesale", "Wholesale prices for partners", date(2026, 11, 24), "a07be4419c20")

needs_libreoffice = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LOUD: no LibreOffice here, so nobody tried whether it opens our XLSX; apt-get install libreoffice-calc"
)


def rendered(folder: Path, snapshot: Snapshot, options: XlsxOptions = OPTIONS, about: xlsx.About = ABOUT) -> Path:
    path = folder / "file.xlsx"
    xlsx.render(snapshot, options, about, MOSCOW, path)
    return path


def rendered_and_read(folder: Path, snapshot: Snapshot) -> tuple[Path, ReadBehind]:
    """As the exporter does it: read while it is written."""
    path, behind = folder / "file.xlsx", verify_xlsx.reader(snapshot)
    xlsx.render(snapshot, OPTIONS, ABOUT, MOSCOW, path, behind=behind)
    return path, behind


def by_openpyxl(path: Path, *, read_only: bool = False) -> Workbook:
    return openpyxl.load_workbook(path, read_only=read_only)


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def by_libreoffice(path: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Each sheet as LibreOffice shows it on the screen of somebody in the United States."""
    as_shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true,true,false,false,-1"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", as_shown, "--outdir", folder, path], check=True, capture_output=True, timeout=120
    )
    sheets: dict[str, list[list[str]]] = {}
    for file in folder.glob(f"{path.stem}-*.csv"):
        with file.open(newline="", encoding="utf-8") as text:
            sheets[file.stem.removeprefix(f"{path.stem}-")] = list(csv.reader(text))
    return sheets


def cells(sheet_xml: bytes) -> list[tuple[str, str]]:
    """The address and the whole element of each cell."""
    return re.findall(r'(?s)<c r="([A-Z]+\d+)"(.*?(?:/>|</c>))', sheet_xml.decode())
