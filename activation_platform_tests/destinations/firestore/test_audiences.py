"""Conversations about audiences: a name in an array of each user's document."""

import pytest

from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.contracts.outcomes import ACCEPTED, DELETED, rejected
from activation_platform.destinations.firestore.audiences import Audiences, AudiencesOptions
from activation_platform_tests.destinations.conversation import batch_of, converse
from activation_platform_tests.destinations.firestore.speaking import BATCH_WRITE, NAME, account, done

PEOPLE = [{"document_id": "ada"}, {"document_id": 'j"o'}]


def audience(**options):
    return Audiences(account(), AudiencesOptions(**{"collection": "users", "audience": "VIP", **options}))


def say(response, operation=Operation.INSERT, **options):
    batch = batch_of(*PEOPLE, identified_by="document_id", mode=Mode.MIRROR, operation=operation)
    return converse(audience(**options), batch, response)


def test_who_enters_has_the_name_in_the_array_and_nothing_else_is_touched():
    said = say(done(0, 0))

    assert said.lines == [BATCH_WRITE]
    assert said.outcomes == [ACCEPTED, ACCEPTED]
    assert said.bodies[0]["writes"][1] == {
        "update": {"name": f'{NAME}/documents/users/j"o'},
        "updateMask": {"fieldPaths": []},
        "updateTransforms": [
            {"fieldPath": "audiences", "appendMissingElements": {"values": [{"stringValue": "VIP"}]}}
        ],
    }


def test_who_leaves_loses_the_name_where_there_is_a_document():
    said = say(done(0, 5), Operation.DELETE, field="my audiences", audience="Größte")

    write = said.bodies[0]["writes"][0]
    assert write["currentDocument"] == {"exists": True}
    assert write["updateTransforms"] == [
        {"fieldPath": "`my audiences`", "removeAllFromArray": {"values": [{"stringValue": "Größte"}]}}
    ]
    assert said.outcomes == [DELETED, DELETED]


def test_a_document_that_is_refused_drags_nobody_down():
    assert say(done(0, 3)).outcomes == [ACCEPTED, rejected("no")]
    assert say(done(0, 3), Operation.DELETE).outcomes == [DELETED, rejected("no")]


@pytest.mark.parametrize(
    "options", [{"audience": " "}, {"audience": 1}, {"field": "a.b"}, {"field": ""}, {"collection": "a/b"}]
)
def test_options_that_name_nothing_are_refused(options):
    with pytest.raises(DeclarationError):
        audience(**options)


def test_the_ledger_pins_the_collection_the_array_and_the_name():
    assert audience().target == "users/audiences/VIP"
