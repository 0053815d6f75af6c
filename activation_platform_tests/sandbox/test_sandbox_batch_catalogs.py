"""What the stand-in of Batch does with catalogs."""

import pytest

PRICE = {"name": "price", "type": "float"}
KINDS = ("array", "bool", "date", "float", "integer", "string", "url")


@pytest.fixture
def ask(stage):
    def asked(word, **body):
        return stage.batch.post(f"/2.11/catalogs/{word}", json=body)

    return asked


@pytest.fixture
def products(ask):
    fields = [{"name": f"a_{kind}", "type": kind} for kind in KINDS]
    assert ask("create", name="products", fields=fields).status_code == 201


@pytest.fixture
def items(stage):
    return lambda: stage.control.state("batch", "catalogs")


@pytest.fixture
def look(stage):
    return lambda word, **query: stage.batch.get(f"/2.11/catalogs/{word}", params=query)


def add(id_="shoe", **attributes):
    return {"id": id_, "action": "add", "attributes": attributes}


def remove(id_):
    return {"id": id_, "action": "remove"}


def test_a_catalog_is_made_without_items_only_once_and_at_most_five_times(ask, items):
    assert ask("create", name="0", fields=[PRICE]).json() == {}
    assert ask("create", name="0", fields=[PRICE]).status_code == 400
    assert [ask("create", name=str(n), fields=[PRICE]).status_code for n in range(1, 6)] == [201] * 4 + [400]
    assert items() == {str(n): {} for n in range(5)}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("", [PRICE]),
        (7, [PRICE]),
        ("products", []),
        ("products", {}),
        ("products", ["price"]),
        ("products", [{"name": "price"}]),
        ("products", [{"name": "price", "type": "number"}]),
        ("products", [{"name": "Price", "type": "float"}]),
        ("products", [PRICE, {"name": "price", "type": "string"}]),
        ("products", [{"name": f"f{n}", "type": "bool"} for n in range(26)]),
    ],
)
def test_what_is_no_catalog_is_refused(ask, items, name, fields):
    assert ask("create", name=name, fields=fields).status_code == 400
    assert items() == {}


def test_items_are_added_one_over_the_other_and_removed(ask, products, items):
    ask("items/edit", name="products", items=[add("shoe", a_float=1.5, a_bool=True), add("hat")])
    ask("items/edit", name="products", items=[add("shoe", a_float=2), remove("hat"), remove("nothing")])

    assert items() == {"products": {"shoe": {"a_float": 2, "a_bool": True}}}


@pytest.mark.parametrize(
    "attributes",
    [
        {"a_array": ["x" * 64] * 15, "a_bool": False, "a_integer": 3, "a_string": "é" * 10_000},
        {"date(a_date)": "2023-08-01T12:00:00Z", "url(a_url)": "https://example.com"},
        {"a_date": "2023-08-01T12:00:00Z", "a_url": "https://example.com"},
        {"date(a_date)": 1_690_891_200},
        {"a_float": 3},
    ],
)
def test_an_item_has_values_of_its_fields_types(ask, products, items, attributes):
    assert ask("items/edit", name="products", items=[add(**attributes)]).status_code == 202
    assert len(items()["products"]["shoe"]) == len(attributes)


@pytest.mark.parametrize(
    "item",
    [
        add(other=1),
        add(a_float=None),
        add(a_float="1.5"),
        add(a_float=True),
        add(a_integer=1.5),
        add(a_bool=1),
        add(a_string="x" * 10_001),
        add(a_array=["x"] * 16),
        add(a_array=["x" * 65]),
        add(**{"date(a_string)": "2023-08-01T12:00:00Z"}),
        add(**{"date(a_date)": "yesterday"}),
        add(**{"url(a_url)": "example"}),
        add(""),
        {**remove("shoe"), "attributes": {}},
        {"id": "shoe", "action": "add"},
        {"id": "shoe", "action": "set", "attributes": {}},
        {"id": "shoe"},
        {"id": 7, "action": "remove"},
        "shoe",
    ],
)
def test_one_bad_item_refuses_the_call(ask, products, items, item):
    assert ask("items/edit", name="products", items=[add("hat"), item]).status_code == 400
    assert items() == {"products": {}}


def test_a_call_takes_two_hundred_items(ask, products, items):
    many = [add(str(n)) for n in range(201)]

    assert ask("items/edit", name="products", items=many).status_code == 400
    assert ask("items/edit", name="products", items=[]).status_code == 400
    assert ask("items/edit", name="products", items=many[1:]).status_code == 202
    assert len(items()["products"]) == 200


def test_fields_are_added_and_removed_with_what_items_have_in_them(ask, products, items, look):
    ask("items/edit", name="products", items=[add(a_float=1.5, a_bool=True)])

    changes = [{"action": "add", **PRICE}, {"action": "remove", "name": "a_bool"}]
    assert ask("update", name="products", fields=changes).status_code == 202

    assert items() == {"products": {"shoe": {"a_float": 1.5}}}
    assert PRICE in look("view", name="products").json()["fields"]
    assert ask("update", name="products", fields=[PRICE]).status_code == 400
    assert ask("update", name="products", fields=[{"action": "remove", "name": "none"}]).status_code == 400


def test_a_change_is_in_progress_to_the_first_look_at_its_token(ask, products, look):
    token = ask("items/edit", name="products", items=[add()]).json()["indexing_token"]

    told = look("view", name="products").json()
    assert "indexing_state" not in told
    assert told["items"] == 1
    states = [look("view", name="products", indexing_token=token).json()["indexing_state"] for _ in "12"]
    assert states == ["IN_PROGRESS", "APPLIED"]
    assert look("view", name="products", indexing_token="other").status_code == 400


def test_a_list_comes_in_pages_and_tells_how_many_there_are_at_first(ask, look):
    for name in "abc":
        ask("create", name=name, fields=[PRICE])

    first = look("list", limit=2).json()
    second = look("list", limit=2, **{"from": first["next_from"]}).json()

    assert [one["name"] for page in (first, second) for one in page["catalogs"]] == ["a", "b", "c"]
    assert (first["count"], first["has_more"], second["has_more"]) == (3, True, False)
    assert "count" not in second
    assert look("list", limit=101).status_code == 400


@pytest.mark.parametrize(
    ("word", "body", "status"),
    [
        ("items/edit", {"name": "other", "items": [remove("shoe")]}, 400),
        ("update", {"name": "other", "fields": [PRICE]}, 400),
        ("remove", {"name": "other"}, 404),
        ("remove", {"name": 7}, 404),
        ("remove", {}, 400),
    ],
)
def test_what_does_not_exist_is_not_changed(ask, products, items, word, body, status):
    assert ask(word, **body).status_code == status
    assert items() == {"products": {}}


def test_a_catalog_is_removed_and_not_found_any_more(ask, products, items, look):
    assert ask("remove", name="products").status_code == 202
    assert items() == {}
    assert look("view", name="products").status_code == 404
