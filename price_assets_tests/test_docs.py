"""The documents are held to the code: facts that are cited exist, settings are listed, commands are those of the Makefile and of CI."""

import re
from datetime import date
from pathlib import Path

import pytest

from price_assets.cli import main
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.operations.alerts.problem import Kind
from price_assets.settings import FORMATS
from price_assets.variables import VARIABLES

CLONE = Path(__file__).parents[1]
README = (CLONE / "README.md").read_text()
OPERATIONS = (CLONE / "docs" / "operations.md").read_text()
GROUPS = "CX|PJ|XL|CS|ST|DG|KU|PK|NT|LG"
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
    targets = set(re.findall(r"^([a-z0-9-]+):", (CLONE / "Makefile").read_text(), re.MULTILINE))
    shown = set(re.findall(r"^make ([a-z0-9-]+)", README, re.MULTILINE))
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


def anchors(text: str) -> list[str]:
    """What GitHub makes of the headings: lower case, hyphens for spaces, no other punctuation."""
    return [re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]


def test_the_runbook_has_a_section_for_each_kind_of_problem_and_each_says_all_that_is_asked() -> None:
    assert {str(kind) for kind in Kind} <= set(anchors(OPERATIONS))
    assert len(set(anchors(OPERATIONS))) == len(anchors(OPERATIONS))
    for kind in Kind:
        (section,) = [part for part in re.split(r"^## ", OPERATIONS, flags=re.MULTILINE) if anchors(f"## {part}")[0] == str(kind)]
        assert re.findall(r"^\*\*(Partners|Look at|Do|Over when)\*\*", section, re.MULTILINE) == ["Partners", "Look at", "Do", "Over when"]


def test_the_runbooks_links_lead_to_its_sections() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", OPERATIONS)) <= set(anchors(OPERATIONS))


def test_the_runbooks_commands_are_real() -> None:
    commands = re.findall(r"price-assets ([a-z-]+)((?: [^`\n#>]+)?)", OPERATIONS)
    assert {"status", "history", "export", "accept", "withdraw", "doctor", "preview"} <= {name for name, _ in commands}
    for name, arguments in commands:
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(--[a-z-]+)", re.sub(r'"[^"]*"', "", arguments))) <= known, (name, arguments)


def test_the_runbook_names_no_setting_that_is_not_read() -> None:
    named = set(re.findall(r"\b((?:DB|STORAGE|EXPORT|CATCH|NOTIFY|SMTP|SLACK|HEARTBEAT|RUNBOOK|PRICE_LISTS|LOG)_[A-Z_]+[A-Z])\b", OPERATIONS))
    assert named <= {variable.name for variable in VARIABLES}
