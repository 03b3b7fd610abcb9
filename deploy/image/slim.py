"""Make what was installed fit for an image: leave out what no pod needs, strip libraries of their symbols, compile modules to bytecode.

`python slim.py ROOT`, where ROOT/opt/price_assets is the environment that the image has as /opt/price_assets. It wants `strip`, of binutils.
"""
# ruff: noqa: INP001

import compileall
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

ENVIRONMENT = Path("opt/price_assets")
LEFT_OUT = {
    "kubernetes/aio": "the client for asyncio; dagster-k8s calls the other one",
    "pyarrow/_flight.*": "Arrow's RPC; rows come from Postgres",
    "pyarrow/libarrow_flight.so.*": "the same",
    "pyarrow/libarrow_python_flight.so*": "the same",
    "pyarrow/_s3fs.*": "Arrow's own S3 client; obstore is ours",
    "pyarrow/libarrow_s3.so.*": "the same",
    "pyarrow/lib*.so": "copies of libraries, under the name that a linker looks for",
    "pyarrow/lib*.so.*.*": "copies under their full version; what is loaded has the short one",
    "pyarrow/_pyarrow_cpp_tests.*": "tests of the library itself",
    "pyarrow/include": "for those who compile against the library",
    "pyarrow/src": "the same",
}
"""Glob in site-packages → why it can go. Where the package is there, it must match something: else the package has changed, and this list has not."""
KEPT_LIBRARY = "lib.*.so"
"""pyarrow's own extension module, whose name looks like a library's."""
KEPT_SERVICES = {
    "s3": "where the output of runs goes",
    "sts": "profiles of ~/.aws that take on a role, or come with a web identity",
    "sso": "profiles that log in by IAM Identity Center",
    "sso-oidc": "the same",
    "signin": "profiles of `aws login`",
}
"""The services of AWS that boto3 is asked for here; it carries the descriptions of 400 more."""
NOT_NEEDED = ("**/tests", *(f"**/*.{ending}" for ending in ("pyi", "pyx", "pxd", "pxi", "h", "hpp", "c", "cc", "cpp")))
"""Tests, what only type checkers read, and sources of what is compiled; in any package."""


def main() -> None:
    """Do it all, and say what it gained."""
    root = Path(sys.argv[1])
    environment = root / ENVIRONMENT
    before = _megabytes(environment)
    for packages in environment.glob("lib/python3.*/site-packages"):
        for path in [*_left_out(packages), *_other_services(packages), *(path for glob in NOT_NEEDED for path in packages.glob(glob))]:
            _remove(path)
    stripped = list(_libraries(environment))
    if stripped:
        subprocess.run(["strip", "--strip-unneeded", *stripped], check=True)  # noqa: S607
    bare = _megabytes(environment)
    # No time stamps in bytecode: the same sources make the same layer, and no start compares them with sources that can't change.
    if not compileall.compile_dir(
        environment / "lib",
        quiet=1,
        workers=0,
        stripdir=None if root == Path("/") else str(root),
        prependdir=None if root == Path("/") else "/",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    ):
        sys.exit("Not all modules compile.")
    print(f"{environment}: {before} MB, {bare} MB without what is left out, {_megabytes(environment)} MB with bytecode")  # noqa: T201


def _left_out(packages: Path) -> Iterator[Path]:
    for pattern in LEFT_OUT:
        if (packages / pattern.partition("/")[0]).is_dir():
            found = [path for path in packages.glob(pattern) if not path.match(KEPT_LIBRARY)]
            if not found:
                sys.exit(f"Nothing is left out by {pattern}: its package has changed, and slim.py must follow.")
            yield from found


def _other_services(packages: Path) -> Iterator[Path]:
    data = packages / "botocore" / "data"
    if data.is_dir():
        services = {path.name: path for path in data.iterdir() if path.is_dir()}
        if missing := KEPT_SERVICES.keys() - services.keys():
            sys.exit(f"botocore does not know {', '.join(missing)}: it has changed, and slim.py must follow.")
        yield from (path for name, path in services.items() if name not in KEPT_SERVICES)


def _libraries(environment: Path) -> Iterator[Path]:
    return (path for path in environment.rglob("*.so*") if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _megabytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) // 1_000_000


if __name__ == "__main__":
    main()
