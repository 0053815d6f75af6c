"""Conversations about the users on a static list of Iterable, and the same against the sandbox."""

import httpx
import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, ignored, rejected
from activation_platform.contracts.service import BatchRefused, UnreadableAnswer
from activation_platform.destinations.iterable.lists import Lists, ListsOptions
from activation_platform.sandbox.faults import Kind, Rule, When
from activation_platform_tests.destinations.conversation import batch_of, converse, talk
from activation_platform_tests.destinations.iterable.speaking import account, coded, counted
from activation_platform_tests.destinations.running import Runs

JANE, JOHN = {"email": "jane@acme.com"}, {"email": "john@acme.com"}
LISTS, MAKE = "GET /api/lists", "POST /api/lists"
PUT, TAKE = "POST /api/lists/subscribe", "POST /api/lists/unsubscribe"


def best(**options):
    return Lists(account(), ListsOptions(list="Best", **options))


def say(*responses, operation=Operation.INSERT, service=None, people=(JANE, JOHN)):
    service = service or best()
    key = service.identifying_field
    return converse(
        service, batch_of(*people, identified_by=key, mode=Mode.MIRROR, operation=operation), *responses
    )


def lists(*told):
    shown = [{"id": id_, "name": name, "listType": kind, "createdAt": at} for id_, name, kind, at in told]
    return httpx.Response(200, json={"lists": shown})


BEST = lists((7, "Best", "Standard", 1))


def test_who_enters_is_put_on_the_list_and_nobody_is_made():
    said = say(lists((3, "Other", "Standard", 1), (7, "Best", "Standard", 2)), counted(2))

    assert said.lines == [LISTS, PUT]
    assert said.bodies[1] == {"listId": 7, "subscribers": [JANE, JOHN], "updateExistingUsersOnly": True}
    assert said.outcomes == [ACCEPTED] * 2


def test_who_is_known_by_an_id_is_put_on_the_list_by_it():
    said = say(BEST, counted(1), service=best(identifier="userId"), people=[{"userId": "C1"}])

    assert said.bodies[1]["subscribers"] == [{"userId": "C1"}]


def test_who_is_unknown_is_ignored_and_who_is_forgotten_rejected():
    left_out = {"notFoundEmails": ["john@acme.com"], "forgottenEmails": ["joe@acme.com"]}

    said = say(BEST, counted(1, 2, failedUpdates=left_out), people=[JANE, JOHN, {"email": "joe@acme.com"}])

    assert said.outcomes == [
        ACCEPTED,
        ignored("unknown at the destination"),
        rejected("is forgotten, and can never be written again"),
    ]


def test_who_leaves_is_taken_off_and_unsubscribed_from_nothing():
    left_out = {"notFoundEmails": ["john@acme.com"]}

    said = say(BEST, counted(1, 1, failedUpdates=left_out), operation=Operation.DELETE)

    assert said.lines == [LISTS, TAKE]
    assert said.bodies[1] == {"listId": 7, "subscribers": [JANE, JOHN], "channelUnsubscribe": False}
    assert said.outcomes == [DELETED] * 2


def test_who_cannot_be_taken_off_is_rejected_and_asked_for_again():
    left_out = {"invalidEmails": ["john@acme.com"]}

    said = say(BEST, counted(1, 1, failedUpdates=left_out), operation=Operation.DELETE)

    assert said.outcomes == [DELETED, rejected("has an identifier that Iterable refuses")]


def test_nobody_is_on_a_list_that_does_not_exist():
    said = say(lists(), operation=Operation.DELETE)

    assert said.lines == [LISTS]
    assert said.outcomes == [DELETED] * 2


def test_a_list_that_does_not_exist_is_made_once():
    service = best()

    first = say(lists(), httpx.Response(200, json={"listId": 9}), BEST, counted(2), service=service)
    second = say(counted(2), service=service)

    assert first.lines == [LISTS, MAKE, LISTS, PUT]
    assert first.bodies[1] == {"name": "Best"}
    assert first.bodies[3]["listId"] == 7  # which is older than the one that was made
    assert second.lines == [PUT]


def test_a_list_that_is_not_shown_yet_is_known_by_the_answer():
    said = say(lists(), httpx.Response(200, json={"listId": 9}), lists(), counted(2))

    assert said.bodies[3]["listId"] == 9


def test_of_lists_of_one_name_the_oldest_that_is_static_is_meant():
    told = lists((5, "Best", "Dynamic", 0), (8, "Best", "Standard", 2), (9, "Best", "Standard", 1))

    assert say(told, counted(2)).bodies[1]["listId"] == 9


def test_a_list_that_cannot_be_made_blames_no_record_and_says_what_to_do():
    said = say(lists(), coded("BadParams", "no more lists"))

    assert isinstance(said.raised, DeclarationError)
    assert "BadParams: no more lists" in str(said.raised)
    assert "option list" in str(said.raised)


@pytest.mark.parametrize(
    "answers",
    [
        (httpx.Response(200, json={}),),
        (lists(), httpx.Response(200, json={}), lists()),
        (BEST, httpx.Response(200, json={})),
    ],
)
def test_what_is_not_the_vendors_answer_is_no_answer(answers):
    assert isinstance(say(*answers).raised, UnreadableAnswer)


def test_where_it_is_not_told_who_was_left_out_the_batch_is_parted():
    assert isinstance(say(BEST, counted(1, 1)).raised, BatchRefused)


@pytest.mark.parametrize("name", ["", " Best", "Best\n", 7])
def test_a_name_that_no_list_can_have_is_refused_with_the_rule(name):
    with pytest.raises(DeclarationError, match="without spaces around it"):
        ListsOptions(list=name)


def test_the_target_is_the_list_and_a_member_is_an_identifier_alone():
    service = best(identifier="userId")
    told = talk(service.account_fields(), BEST)

    assert service.target == "Best"
    assert told.lines == [LISTS]
    assert [(field.name, field.key) for field in told.outcomes] == [("userId", True)]


@pytest.fixture
def members(sandbox):
    return lambda: sorted(one["email"] for one in sandbox.world.part("iterable", "lists")["Best"])


@pytest.fixture
def run(tmp_path, account, ask):
    people = [{"email": f"{name}@acme.com"} for name in ("ada", "joe")]
    ask("POST", "/api/users/bulkUpdate", users=people)
    return Runs(tmp_path, Lists(account, ListsOptions(list="Best")), Mode.MIRROR)


def row(name):
    return {"key": name, "email": f"{name}@acme.com"}


def test_a_list_is_kept_in_step_and_who_becomes_known_enters(run, ask, members, held):
    first = run(row("ada"), row("eve"))
    assert (first.figures.inserted, first.figures.ignored, members()) == (1, 1, ["ada@acme.com"])
    assert len(held()) == 2  # nobody was made

    ask("POST", "/api/users/bulkUpdate", users=[{"email": "eve@acme.com"}])
    second = run(row("eve"), row("joe"), full=True)

    assert members() == ["eve@acme.com", "joe@acme.com"]
    assert second.figures.deleted == 1
    assert len(held()) == 3  # who left the list is a user as before


def test_a_list_whose_making_was_not_heard_of_is_not_two(run, members, sandbox):
    sandbox.world.add_fault(
        Rule(Kind.DROP, when=When.AFTER, method="POST", path="/iterable/api/lists", times=1)
    )

    run(row("ada"))
    run(row("ada"), row("joe"))

    assert members() == ["ada@acme.com", "joe@acme.com"]
