"""deploy/image/slim.py, on an environment of a few made-up packages."""

import ctypes
import marshal
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

import pytest

from price_assets_tests.deployment.image.scripts import SCRIPTS, script

PACKAGES = Path("opt/price_assets/lib/python3.12/site-packages")

pytestmark = pytest.mark.skipif(shutil.which("strip") is None, reason="LOUD: slim.py is not run, for binutils' strip is not here")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Every package that the script knows, with what it leaves out and something beside it."""
    packages = tmp_path / PACKAGES
    known = script("slim")
    wanted = [pattern.replace("*", "2600.1") for pattern in known.LEFT_OUT]
    wanted += [f"botocore/data/{service}/service-2.json.gz" for service in (*known.KEPT_SERVICES, "ec2", "xray")]
    wanted += ["botocore/data/endpoints.json", "pyarrow/__init__.py", "pyarrow/lib.cpython-312-x86_64-linux-gnu.so", "pyarrow/libarrow.so.2600"]
    wanted += ["kubernetes/client/api.py", "kubernetes/tests/test_api.py", "kubernetes/api.pyi", "pyarrow/table.pxi", "pyarrow/testing.py"]
    for name in wanted:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    return packages


def slim(root: Path) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run([sys.executable, SCRIPTS / "slim.py", root], capture_output=True, text=True, check=False)


def files(packages: Path) -> set[str]:
    """What is there, without bytecode."""
    return {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def test_what_no_pod_needs_goes_and_the_rest_stays(packages: Path, tmp_path: Path) -> None:
    done = slim(tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(packages) == {
        *(f"botocore/data/{service}/service-2.json.gz" for service in ("s3", "sts", "sso", "sso-oidc", "signin")),
        *("botocore/data/endpoints.json", "kubernetes/client/api.py"),
        *("pyarrow/__init__.py", "pyarrow/lib.cpython-312-x86_64-linux-gnu.so", "pyarrow/libarrow.so.2600", "pyarrow/testing.py"),
    }
    assert not list(packages.rglob("tests"))


@pytest.mark.parametrize("gone", ["kubernetes/aio", "botocore/data/sso"])
def test_a_package_that_has_changed_is_noticed(packages: Path, tmp_path: Path, gone: str) -> None:
    shutil.rmtree(packages / gone, ignore_errors=True)
    (packages / gone).unlink(missing_ok=True)
    done = slim(tmp_path)
    assert done.returncode != 0
    assert "slim.py must follow" in done.stderr
    assert gone.rpartition("/")[2] in done.stderr


def test_a_root_without_these_packages_is_well(tmp_path: Path) -> None:
    module = tmp_path / PACKAGES / "starlette" / "app.py"
    module.parent.mkdir(parents=True)
    module.write_text("VALUE = 1\n")
    assert slim(tmp_path).returncode == 0
    (bytecode,) = module.parent.glob("__pycache__/*.pyc")
    flags, code = bytecode.read_bytes()[4:8], marshal.loads(bytecode.read_bytes()[16:])
    assert int.from_bytes(flags, "little") == 0b01, "hash-based, and not compared with the source"
    assert isinstance(code, CodeType)
    assert code.co_filename == f"/{PACKAGES}/starlette/app.py", "where the image has it"


def test_a_module_that_does_not_compile_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / PACKAGES / "broken.py"
    module.parent.mkdir(parents=True)
    module.write_text("def\n")
    assert slim(tmp_path).returncode != 0


def sections(library: Path) -> str:
    """The parts of a library, by name."""
    return subprocess.run(["readelf", "--section-headers", "--wide", library], capture_output=True, text=True, check=True).stdout


def test_a_library_loses_its_symbols_and_still_loads(tmp_path: Path) -> None:
    spec = find_spec("sqlalchemy.cyextension.collections")
    assert spec
    original = Path(str(spec.origin))
    assert ".symtab" in sections(original)
    library = tmp_path / PACKAGES / "sqlalchemy" / original.name
    library.parent.mkdir(parents=True)
    shutil.copy(original, library)
    assert slim(tmp_path).returncode == 0
    assert ".dynsym" in sections(library)
    assert ".symtab" not in sections(library)
    ctypes.CDLL(str(library))
