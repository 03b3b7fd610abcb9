"""What `price-assets verify` finds of the register, and of everything at once. On folders and on S3."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from price_assets.export import layout
from price_assets.export.folder import Folder
from price_assets_tests.export.verified_shop import DAY, DAYS, NAME, YAML, VerifiedShop

BEFORE = DAYS[-2]
REGISTER = layout.register_key(NAME)
Damaging = Callable[[bytes], bytes]

REGISTERS: dict[str, tuple[Damaging | None, str, str]] = {
    "gone": (None, "missing", "is not there, and yet shop has published: an export now would begin a new one"),
    "empty": (lambda _: b"", "unreadable-register", "is empty"),
    "cut": (lambda data: data[:100], "unreadable-register", "can't be read: the text: Invalid JSON"),
    "newer": (lambda data: data.replace(b'"version": 1', b'"version": 2'), "unreadable-register", "can't be read: version"),
    "another's": (lambda data: data.replace(b'"shop"', b'"shoe"'), "unreadable-register", "is the register of 'shoe'"),
    "latest": (
        lambda data: re.sub(rb'"latest": ".*"', b'"latest": "2026-11-22"', data),
        "unreadable-register",
        "contradicts itself: latest is 2026-11-22",
    ),
}


@pytest.mark.parametrize("damage", REGISTERS)
def test_a_register_that_can_t_be_read_is_named_and_hides_nothing(verified: VerifiedShop, damage: str) -> None:
    damaged, kind, said = REGISTERS[damage]
    right, csv = verified.read(REGISTER), verified.key_of(DAY, "csv")
    verified.overwrite(csv, b"")
    verified.store.delete(REGISTER)
    if damaged:
        verified.overwrite(REGISTER, damaged(right))
    assert verified.findings() == [(kind, REGISTER), ("empty", csv)]
    (finding,) = verified.verify()[0]["findings"]
    assert finding["what"].startswith(said)
    assert "restore its last good version" in finding["mend"]
    verified.overwrite(REGISTER, right)
    verified.mend()
    assert verified.findings("--all") == []


def test_a_register_that_names_what_is_not_there_is_told(verified: VerifiedShop) -> None:
    right = verified.read(REGISTER)
    revision = verified.register()["days"][str(DAY)]["published"]["revision"].encode()
    verified.overwrite(REGISTER, right.replace(revision, b"0123456789ab"))
    found = verified.findings()
    assert found[0] == ("missing-manifest", layout.manifest_key(NAME, DAY, "0123456789ab"))
    assert {kind for kind, _ in found[1:]} == {"stale-copy"}
    verified.overwrite(REGISTER, right.replace(revision, b"0123456789ab", 1))  # in the entry alone, and not in its event
    assert verified.findings()[0] == ("unreadable-register", REGISTER)


def test_every_damage_at_once_is_named_and_mended(verified: VerifiedShop) -> None:
    """One damaged object hides no other, and what can be done is done in the order of the lines."""
    damaged = [
        ("missing-manifest", verified.key_of(DAY, "manifest")),
        ("missing", verified.key_of(DAY, "csv")),
        ("empty", verified.key_of(DAY, "xlsx")),
        ("stale-copy", layout.copy_key(NAME, DAY, "csv")),
        ("stale-copy", layout.copy_key(NAME, layout.LATEST, "xlsx")),
        ("altered-manifest", verified.key_of(BEFORE, "manifest")),
        ("stale-copy", layout.copy_key(NAME, BEFORE, "csv")),
        ("truncated", verified.key_of(DAYS[0], "csv")),
        ("stale-copy", layout.beside_key(NAME, DAYS[0])),
    ]
    for kind, key in damaged:
        data = verified.read(key)
        verified.store.delete(key)
        if kind in ("empty", "truncated", "altered-manifest"):
            verified.overwrite(key, data[: 0 if kind == "empty" else len(data) // 2])
    assert verified.findings("--all") == damaged
    verified.mend("--all")
    verified.mend("--all")  # an altered manifest was in the way of other days
    assert verified.findings("--all") == []


def test_nothing_is_written(verified: VerifiedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    verified.overwrite(verified.key_of(DAY, "csv"), b"")
    verified.store.delete(layout.copy_key(NAME, layout.LATEST, "xlsx"))
    kind = type(verified.store)
    for write in ("create", "swap", "put_file", "copy", "delete"):
        monkeypatch.setattr(kind, write, None)
    assert len(verified.findings("--all")) == 2


def test_a_list_that_has_left_its_folder_or_does_not_load_is_verified_by_what_is_stored(folder_shop: VerifiedShop) -> None:
    folder_shop.store.delete(folder_shop.key_of(DAY, "csv"))
    (folder_shop.lists / "other.yaml").write_text(YAML.replace("name: shop", "name: other"))
    for yaml in ("name: shop\n", None):
        if yaml:
            folder_shop.write_list(yaml)
        else:
            (folder_shop.lists / "shop.yaml").unlink()
        (report,) = folder_shop.verify("shop")
        assert report["rows_compared"]
        (finding,) = report["findings"]
        assert finding["mend"].startswith("restore its last good version")


def test_what_is_published_while_it_is_read_is_no_damage(folder_shop: VerifiedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, published = Folder.fetch, False

    def overtaken(self: Folder, key: str, path: Path) -> bool:
        nonlocal published
        if not published and "/latest/" in key:
            published = True
            folder_shop.export(DAY + timedelta(days=1))
        return fetch(self, key, path)

    monkeypatch.setattr(Folder, "fetch", overtaken)
    (report,) = folder_shop.verify()
    assert published
    assert (report["export_date"], report["findings"]) == (str(DAY), [])
