"""What an analysis cannot be is told when definitions load, with file and line and the way out."""

import pytest

from activation_platform_tests.components.analysis.workspaces import COMPUTED, analysed, segment

ORDERS = """\
type: activation_platform.ModelComponent
attributes:
  name: orders
  source: shop
  table: orders
  primary_key: id
  columns: {id: integer}
"""


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ("{breakdowns: [fist_name]}", 'there is no field "fist_name". Did you mean "first_name"?'),
        ("{breakdowns: [email]}", '"email" is not categorical: if it has few values and none is personal, write email: {'),
        ("{breakdowns: [first_name, first_name]}", '"first_name" stands here twice'),
        ("{overlap_with: [fw]}", 'there is no segment "fw". Did you mean "few"?'),
        ("{overlap_with: [loyal]}", "is the segment itself: name others"),
        ("{overlap_with: [few, few]}", '"few" stands here twice'),
        ("{overlap_with: [old]}", '"old" is a segment of orders, not of people'),
        ("{overlap_with: [a, b, c, d, e, f, g, h]}", "overlap_with"),
        ("{histori: true}", "histori"),
    ],
)  # fmt: skip
def test_an_analysis_that_cannot_be_is_told_with_file_and_line(project, analysis, words):
    analysed(project, analysis).also(ORDERS).also(segment("old", "{field: id, at_least: 1}", "orders"))

    refused = project.refusal()

    assert words in refused
    assert f"defs.yaml:{project.line(f'analysis: {analysis}')}" in refused


@pytest.mark.parametrize("field", ["mail", "twice", "twins"])
def test_a_computed_field_that_is_no_category_has_no_breakdown(project, field):
    analysed(project, f"{{breakdowns: [{field}]}}").replaced("kind: users\n", COMPUTED)
    assert (
        f'"{field}" is computed: labels have a breakdown, and related fields that are cat'
        in project.refusal()
    )


def test_a_category_of_another_engine_has_no_breakdown(project):
    there = ORDERS.replace("name: orders", "name: plans\n  engine: warehouse")
    there = there.replace("{id: integer}", "{id: integer, plan: {type: text, categorical: true}}")
    analysed(project, "{breakdowns: [plan]}").also(there)
    related = "kind: users\n  relations: {plan: {model: plans, match: {id: id}}}\n  computed: {plan: {related: plan, of: plan}}\n"
    assert (
        '"plan" is about people (frames, shop) and plans (warehouse'
        in project.replaced("kind: users\n", related).refusal()
    )


@pytest.mark.parametrize("type_", ["number", "decimal(12, 2)", "timestamp", "list of text"])
def test_a_type_without_categories_has_no_breakdown(project, type_):
    analysed(project, "{breakdowns: [first_name]}").replaced("{type: text, cat", f'{{type: "{type_}", cat')
    assert f'"first_name" is {type_}; a breakdown counts the values of text, integers' in project.refusal()


@pytest.mark.parametrize("type_", ["text", "integer", "boolean", "date"])
def test_a_type_with_categories_has_one(project, type_):
    analysed(project, "{breakdowns: [first_name]}").replaced(
        "{type: text, cat", f"{{type: {type_}, cat"
    ).load()


def test_a_model_that_lists_no_columns_is_asked_to(project):
    analysed(project, "{breakdowns: [first_name]}")
    start = project.documents["defs.yaml"].index("  columns:\n")
    end = project.documents["defs.yaml"].index("---", start)
    project.documents["defs.yaml"] = (
        project.documents["defs.yaml"][:start] + project.documents["defs.yaml"][end:]
    )
    words = '"first_name" is not categorical: list the columns of people under columns:, among them first_name: {type'
    assert words in project.refusal()


def test_a_column_that_was_accepted_but_is_not_exposed_is_no_category(project):
    analysed(project, "{breakdowns: [plan]}").replaced("email: text", "email:")
    columns = ("id: integer", "email: text", "first_name: text", "orders: integer", "plan: text")
    project.documents["people.schema.yaml"] = "\n".join(columns)
    assert '"plan" is not categorical: if it has few values' in project.refusal()
