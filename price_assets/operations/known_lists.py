"""The price lists of a folder, by name, first day and formats alone: for who watches them, without loading what renders them.

What is wrong with a list is not looked at: a broken one is due all the same, and its run fails.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from price_assets.errors import PriceAssetsError
from price_assets.export import strict_yaml
from price_assets.settings import FORMATS, ExportSettings, FormatName


@dataclass(frozen=True)
class KnownList:
    """A price list that is due from `start` on."""

    name: str
    start: date
    formats: tuple[FormatName, ...]


class KnownLists:
    """Those of PRICE_LISTS_DIR as they are whenever one asks; a file that did not change is not read again."""

    def __init__(self, settings: ExportSettings) -> None:
        self._settings = settings
        self._read: dict[Path, tuple[tuple[int, int], KnownList]] = {}

    def now(self) -> list[KnownList]:
        """By name; none where the folder can't be read."""
        found: dict[Path, tuple[tuple[int, int], KnownList]] = {}
        for path in named_lists(self._settings.price_lists_dir):
            try:
                stat = path.stat()
            except OSError:
                continue
            stamp = (stat.st_mtime_ns, stat.st_size)
            before = self._read.get(path)
            found[path] = before if before and before[0] == stamp else (stamp, self._known(path))
        self._read = found
        return [known for _, known in found.values()]

    def _known(self, path: Path) -> KnownList:
        start, formats = self._settings.start_date, FORMATS
        try:
            values = strict_yaml.read(path.read_text("utf-8-sig"), path.name).values
        except (PriceAssetsError, OSError, UnicodeDecodeError):
            values = {}
        if type(given := values.get("start")) is date:
            start = given
        if isinstance(made := values.get("formats"), dict):
            formats = tuple(each for each in FORMATS if each in made)
        return KnownList(path.stem, start, tuple(each for each in formats if each in self._settings.formats))


def named_lists(folder: Path) -> list[Path]:
    """The files of a folder's price lists, sorted; none where it can't be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml") and not path.name.startswith("."))
    except OSError:
        return []
