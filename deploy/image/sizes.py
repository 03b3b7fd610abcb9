"""What fills an image, as a table: `docker run --rm --interactive price-assets python - < deploy/image/sizes.py`."""
# ruff: noqa: INP001, T201

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from importlib.util import cache_from_source
from pathlib import Path

LARGEST = 10
ENVIRONMENT, PYTHON = Path("/opt/price_assets"), Path("/usr/local")
NOT_OF_THE_IMAGE = ("dev", "proc", "run", "sys", "tmp")


def main() -> None:
    """Print it; megabytes are 1,000,000 bytes."""
    packages = {found.name: _package(found) for found in distributions(path=[str(path) for path in ENVIRONMENT.glob("lib/*/site-packages")])}
    ordered = sorted(packages, key=lambda name: -sum(packages[name]))
    print("| what | MB | of it bytecode |\n|---|---:|---:|")
    for name in ordered[:LARGEST]:
        _row(name, *packages[name])
    others = [packages[name] for name in ordered[LARGEST:]]
    _row(f"{len(others)} other packages", sum(files for files, _ in others), sum(bytecode for _, bytecode in others))
    python = list(_walk(PYTHON))
    bytecode = sum(path.lstat().st_size for path in python if path.suffix == ".pyc")
    _row("Python itself", _bytes(python) - bytecode, bytecode)
    outside = [top for top in Path("/").iterdir() if top.name not in NOT_OF_THE_IMAGE and not top.is_symlink() and top.is_dir()]
    everything = sum(_bytes(_walk(top)) for top in outside)
    _row("Debian", everything - _bytes(python) - _bytes(_walk(ENVIRONMENT)), 0)
    print(f"| **all** | **{everything / 1e6:.0f}** | |")


def _package(found: Distribution) -> tuple[int, int]:
    """Its files, and their bytecode, which pip has not written down."""
    files = [Path(str(found.locate_file(file))) for file in found.files or ()]
    bytecode = [Path(cache_from_source(str(file))) for file in files if file.suffix == ".py"]
    return _bytes(file for file in files if file.exists()), _bytes(file for file in bytecode if file.exists())


def _bytes(files: "list[Path] | Iterator[Path]") -> int:
    return sum(file.lstat().st_size for file in files)


def _walk(top: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(top):
        yield from (path for name in names if not (path := Path(folder, name)).is_symlink())


def _row(what: str, files: int, bytecode: int) -> None:
    print(f"| {what} | {(files + bytecode) / 1e6:.0f} | {bytecode / 1e6:.0f} |")


if __name__ == "__main__":
    main()
