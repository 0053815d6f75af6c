"""Batch in a workspace, as its page shows it: after its runs it holds people, audience and items, and forgot who asked for it."""

from datetime import date

import dagster as dg
import duckdb
import pytest

from activation_platform.sandbox.batch import APP_KEY, PROJECT
from activation_platform_tests.components.pages import example_of, pointed
from activation_platform_tests.components.project import SHOP, fill, person, succeeded

EXAMPLE = example_of("batch")
DAY = {"everybody": 5, "best_customers": 6, "shelf": 6, "forget": 4}
SHOE = ("shoe", "A shoe", 49.5, date(2024, 1, 1), "https://example.com/shoe")
HAT = ("hat", "A hat", 20.0, None, None)
CAP = ("cap", "A cap", 15.0, None, "https://example.com/cap")


def stock(warehouse, people, products, forgotten=()):
    """Make the warehouse hold exactly these."""
    fill(warehouse, people)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table products (sku text, title text, price double, launched date, page text)"
        )
        connection.executemany("insert into products values (?, ?, ?, ?, ?)", [list(one) for one in products])
        connection.execute("create table erasure_requests (id bigint)")
        for id_ in forgotten:
            connection.execute("insert into erasure_requests values (?)", [id_])


@pytest.fixture
def runner(project, sandbox, loaded, monkeypatch):
    """The page's example beside the shop, pointed at the sandbox, whose project has one app."""
    monkeypatch.setenv("BATCH_WEB_KEY", APP_KEY)
    shop = "---\n".join(SHOP.split("---\n")[:3])
    project.documents["defs.yaml"] = shop
    shown = EXAMPLE.replace("[env:BATCH_IOS_KEY, env:BATCH_WEB_KEY]", "[env:BATCH_WEB_KEY]")
    key = "    rest_api_key: env:BATCH_REST_API_KEY\n"
    return loaded(project.also(pointed(shown, key, sandbox.base_url("batch"))))


@pytest.fixture
def held(sandbox):
    return lambda part: sandbox.world.part("batch", part)


def run(runner, day, *names):
    for name in names:
        partition = f"2024-01-{day:02}-{DAY[name]:02}:00"
        succeeded(runner.run(f"activations/engagement/{name}", partition=partition))


def test_the_example_of_the_page_keeps_the_project_in_step(runner, warehouse, held):
    kept = ("everybody", "best_customers", "shelf")
    stock(warehouse, [*(person(number) for number in range(1, 5)), person(5, orders=1)], [SHOE, HAT])
    run(runner, 1, *kept)
    stock(
        warehouse,
        [person(1, first_name="Ada"), person(2, orders=1), person(3), person(4), person(6)],
        [("shoe", "A shoe", 39.5, None, SHOE[4]), CAP],
    )
    run(runner, 8, *kept)

    names = {id_: one["first_name"] for id_, one in held("profiles").items()}
    assert names == {"1": "Ada"} | {str(number): f"Name {number}" for number in range(2, 7)}
    assert set(held("audiences")["best_customers"]) == {"1", "3", "4", "6"}
    assert held("catalogs")["products"] == {
        "shoe": {
            "title": "A shoe",
            "price": 39.5,
            "launched": "2024-01-01T00:00:00Z",  # null keeps it
            "page": "https://example.com/shoe",
        },
        "cap": {"title": "A cap", "price": 15.0, "page": "https://example.com/cap"},
    }


def test_who_asked_to_be_forgotten_is_erased_once(runner, warehouse, sandbox, held):
    everybody = [person(number) for number in range(1, 5)]
    stock(warehouse, everybody, [SHOE])
    run(runner, 1, "everybody")
    stock(warehouse, everybody[1:], [SHOE], forgotten=[1])
    for day in (8, 15, 22):
        run(runner, day, "forget")
        sandbox.world.finish_erasures()

    assert set(held("profiles")) == {"2", "3", "4"}
    asked = [one["count"] for one in sandbox.world.requests() if one["path"].endswith("/gdpr/request")]
    assert asked == [1]


def test_the_check_of_the_destination_names_the_project_and_writes_nothing(runner, warehouse, sandbox):
    stock(warehouse, [person(1)], [SHOE])
    job = runner.defs.resolve_implicit_global_asset_job_def()
    key = dg.AssetCheckKey(dg.AssetKey(["destinations", "engagement"]), "ready")

    result = job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(
        instance=runner.instance
    )

    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "ready"]
    assert found.passed
    assert found.metadata["account"].value == PROJECT
    asked = {(one["method"], one["path"]) for one in sandbox.world.requests() if one["platform"] == "batch"}
    assert asked == {
        ("GET", "/{version}/audiences/list"),
        ("GET", "/{version}/audiences/view"),
        ("GET", "/{version}/catalogs/view"),
    }
