"""The documents are held to the code: facts that are cited exist, settings are listed, commands are those of the Makefile and of CI."""

import re
from datetime import date
from pathlib import Path

import pytest

from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.settings import FORMATS, VARIABLES

CLONE = Path(__file__).parents[1]
README = (CLONE / "README.md").read_text()
GROUPS = "CX|PJ|XL|CS|ST|DG|KU|PK"
SOURCES = [
    path
    for pattern in ("price_assets/**/*", "price_assets_tests/**/*", "*.yaml", "*.toml", "Makefile", "benchmarks/*", "CONTRIBUTING.md", "README.md")
    for path in CLONE.glob(pattern)
    if path.suffix in (".py", ".sql", ".yaml", ".toml", ".md", "") and path.is_file()
]


def cited() -> dict[str, str]:
    """Fact → one of the files that cite it; a range such as [DG41–DG43] cites both ends and what lies between."""
    found: dict[str, str] = {}
    for path in SOURCES:
        for citation in re.findall(rf"\[((?:{GROUPS})\d+(?:(?:, |–)(?:{GROUPS})\d+)*)\]", path.read_text(encoding="utf-8")):
            for part in citation.split(", "):
                group, *numbers = (part[:2], *(int(number) for number in re.findall(r"\d+", part)))
                for number in range(numbers[0], numbers[-1] + 1):
                    found[f"{group}{number}"] = path.name
    return found


def told() -> set[str]:
    return set(re.findall(rf"\*\*((?:{GROUPS})\d+)\*\*", (CLONE / "docs" / "facts.md").read_text()))


def test_every_cited_fact_is_told() -> None:
    missing = {name: path for name, path in cited().items() if name not in told()}
    assert not missing


def test_every_told_fact_is_cited() -> None:
    assert told() <= cited().keys()


@pytest.mark.parametrize("name", [variable.name for variable in VARIABLES])
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_the_readme_names_no_setting_that_is_not_read() -> None:
    named = set(re.findall(r"`((?:DB|STORAGE|EXPORT|OUTPUT|LOG|RUN|PRICE_LISTS)_[A-Z_]+)`", README))
    assert named <= {variable.name for variable in VARIABLES}


def test_the_readmes_make_commands_are_those_that_ci_runs() -> None:
    targets = set(re.findall(r"^([a-z]+):", (CLONE / "Makefile").read_text(), re.MULTILINE))
    shown = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert shown <= targets
    assert {"demo", "test"} <= shown
    run = " ".join(re.findall(r"^make (.*)", (CLONE / ".ci" / "run").read_text(), re.MULTILINE)).split()
    assert {"check", "test", "demo"} <= set(run)


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for path in [*CLONE.glob("*.md"), *CLONE.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_readme_is_whole_and_its_price_list_is_one(tmp_path: Path) -> None:
    assert "```\n```" not in README
    assert "<!--" not in README
    (yaml,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (sql,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    (tmp_path / "wholesale.yaml").write_text(yaml)
    (tmp_path / "wholesale.sql").write_text(sql)
    (loaded,) = load_price_lists(tmp_path, start=date(2026, 1, 1), formats=FORMATS)
    assert isinstance(loaded, PriceList), loaded
    said = loaded.model_fields_set | {"start"}
    assert said == set(PriceList.model_fields)
