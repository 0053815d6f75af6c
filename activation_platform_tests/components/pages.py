"""The examples that the pages of the destinations show, for tests that carry them out."""

import re
from pathlib import Path

__all__ = ["PAGES", "example_of", "pointed"]

PAGES = Path(__file__).parents[2] / "docs" / "destinations"


def example_of(platform: str) -> str:
    """The YAML under "An example" of a platform's page."""
    _, _, section = (PAGES / f"{platform}.md").read_text().partition("\n## An example\n")
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found is not None, f"the page of {platform} shows no example"
    return found[1]


def pointed(example: str, setting: str, address: str) -> str:
    """An example whose account is that of a stand-in: `setting` is the line of its settings to put the address below."""
    assert example.count(setting) == 1
    return example.replace(setting, f"{setting}    base_url: {address}\n")
