"""What `docs/partners.md` tells partners is so: its commands run on what is really published, its fields are those that there are."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from price_assets.export.contract import Column
from price_assets.export.manifest import Changes, Manifest, ManifestFile
from price_assets.export.price_list import contract_of
from price_assets.export.register import Day, Event, Published, Register
from price_assets_tests.export.verified_shop import DAY, NAME, VerifiedShop, flipped
from price_assets_tests.servers.http import Answer, Request, served

TEXT = (Path(__file__).parents[1] / "docs" / "partners.md").read_text()
CHECK, CHECK_DAY, DOWNLOAD = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
MANIFEST, REGISTER = (TEXT.partition(f"## {name}")[2].partition("## ")[0] for name in ("manifest.json", "publications.json"))

wants_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: a partner's download is not tried")


def run(script: str, folder: Path, base: str = "") -> subprocess.CompletedProcess[str]:
    """A partner's script, for the shop, without its pauses."""
    script = script.replace("https://prices.example.com", base).replace("wholesale", NAME).replace("2026-11-24", str(DAY))
    script = re.sub(r"in 0 5 15 60", "in 0 0 0 0", script)
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def downloaded(folder_shop: VerifiedShop, tmp_path: Path) -> Path:
    """What a partner has downloaded: the newest files, and those of the day's folder."""
    for key in ("latest/shop.csv", "latest/manifest.json", f"{DAY}/shop_{DAY}.csv", f"{DAY}/shop_{DAY}.xlsx"):
        (tmp_path / Path(key).name).write_bytes(folder_shop.read(f"shop/{key}"))
    return tmp_path


@pytest.fixture
def base(folder_shop: VerifiedShop) -> Iterator[str]:
    """The storage behind an address."""

    def answer(request: Request) -> Answer:
        path = Path(folder_shop.store.address(request.path.lstrip("/")))
        return Answer(200, path.read_bytes()) if path.is_file() else Answer(404)

    with served(answer) as address:
        yield address


def test_a_whole_file_is_told_from_a_damaged_one(downloaded: Path) -> None:
    done = run(CHECK, downloaded)
    assert (done.returncode, done.stdout, done.stderr) == (0, "shop.csv is whole\n", "")
    right = (downloaded / "shop.csv").read_bytes()
    for wrong in (b"", right[:-1], flipped(right)):
        (downloaded / "shop.csv").write_bytes(wrong)
        done = run(CHECK, downloaded)
        assert (done.returncode, done.stdout) == (1, "")


def test_each_file_of_a_day_is_checked(downloaded: Path) -> None:
    assert run(CHECK_DAY, downloaded).stdout == f"shop_{DAY}.csv is whole\nshop_{DAY}.xlsx is whole\n"
    path = downloaded / f"shop_{DAY}.xlsx"
    path.write_bytes(flipped(path.read_bytes()))
    assert run(CHECK_DAY, downloaded).stdout == f"shop_{DAY}.csv is whole\nshop_{DAY}.xlsx is NOT what was published\n"


@wants_curl
def test_the_download_brings_a_whole_file(folder_shop: VerifiedShop, base: str, tmp_path: Path) -> None:
    done = run(DOWNLOAD, tmp_path, base)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "shop.csv").read_bytes() == folder_shop.read("shop/latest/shop.csv")


@wants_curl
def test_the_download_tries_again_while_a_new_revision_takes_its_place(folder_shop: VerifiedShop, tmp_path: Path) -> None:
    old, asked = folder_shop.read("shop/2026-11-23/manifest.json"), list[str]()

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(200, old if len(asked) == 1 else folder_shop.read(request.path.lstrip("/")))

    with served(answer) as base:
        assert run(DOWNLOAD, tmp_path, base).returncode == 0
    assert asked == ["/shop/latest/manifest.json", "/shop/latest/shop.csv"] * 2
    assert (tmp_path / "shop.csv").read_bytes() == folder_shop.read("shop/latest/shop.csv")


@wants_curl
def test_the_download_leaves_the_last_good_file_where_it_gets_none(folder_shop: VerifiedShop, base: str, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_bytes(b"yesterday's")
    folder_shop.overwrite("shop/latest/shop.csv", b"cut")
    done = run(DOWNLOAD, tmp_path, base)
    assert (done.returncode, done.stderr) == (1, "no whole shop.csv; the old one stands\n")
    assert (tmp_path / "shop.csv").read_bytes() == b"yesterday's"


def fields(text: str) -> set[str]:
    """What a table names in its first column."""
    return {name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def test_every_field_of_the_manifest_is_told_and_no_other() -> None:
    assert fields(MANIFEST) == Manifest.model_fields.keys() | {"commits"}
    assert {*ManifestFile.model_fields, *Changes.model_fields} <= set(re.findall(r"`(\w+)`", MANIFEST))
    told = contract_of((Column.model_validate({"name": "a", "type": "text", "header": "A", "width": 9, "description": "b"}),))[0]
    assert told.keys() <= set(re.findall(r"`(\w+)`", MANIFEST))


def test_every_field_of_the_register_is_told_and_no_other() -> None:
    assert fields(REGISTER) == Register.model_fields.keys() | Day.model_fields.keys()
    assert {*Published.model_fields, *Event.model_fields} <= set(re.findall(r"`(\w+)`", REGISTER))
