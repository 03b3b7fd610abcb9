"""The scripts of deploy/image, which no package holds."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from price_assets_tests.deployment.image.dockerfile import CLONE

SCRIPTS = CLONE / "deploy" / "image"


def script(name: str) -> ModuleType:
    """One of them, as a module."""
    spec = spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
