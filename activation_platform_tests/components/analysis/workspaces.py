"""Workspaces of the tests whose segment `loyal` is analysed."""

import base64
import re

from activation_platform_tests.components.project import Project

LOYAL = "segments/loyal"
BREAKDOWNS, OVERLAP, HISTORY = (f"analysis/loyal/{word}" for word in ("breakdowns", "overlap", "history"))


def segment(name: str, where: str, model: str = "people") -> str:
    """A segment as a document of its own."""
    return f"type: activation_platform.SegmentComponent\nattributes:\n  name: {name}\n  model: {model}\n  where: {where}\n"


FEW = segment("few", "{field: id, at_most: 2}")


COMPUTED = """\
kind: users
  relations: {also: {model: people, match: {id: id}}}
  computed:
    size: {label: [{when: {field: orders, at_least: 5}, then: big}], otherwise: small}
    named: {related: first_name, of: also}
    mail: {related: email, of: also}
    twice: {formula: orders * 2}
    twins: {count: also}
"""
"""Computed fields of the people, in place of the line `kind: users`."""


def analysed(project: Project, words: str) -> Project:
    """The workspace of the tests, in which first names are categorical and `loyal` is analysed; `few` overlaps with it."""
    project.replaced("first_name: text", "first_name: {type: text, categorical: true}")
    return project.replaced("  name: loyal\n", f"  name: loyal\n  analysis: {words}\n").also(FEW)


def picture(markdown: str) -> str:
    """The SVG of the one picture in Markdown."""
    (found,) = re.findall(r"!\[\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    return base64.b64decode(found).decode()
