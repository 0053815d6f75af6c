"""SEMANTICS A2 to A4 between activations: who may go on with whose ledger, and who may hold a target beside whom."""

from dataclasses import replace

import pytest

from activation_platform.contracts.errors import DeclarationError, LedgerMismatch, TimedOut
from activation_platform.contracts.modes import Mode, ObjectKind, RunType
from activation_platform.sync.claim import claim, target_of
from activation_platform.sync.folder import Folder
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.ledgers import adopt, adoptable, ledger_of, ledgers, neighbours, reset
from activation_platform.sync.manifest import Manifest
from activation_platform.sync.mapping import FieldMapping
from activation_platform.sync.order import Activation
from activation_platform.sync.owners import Holding, contradiction, overwriting
from activation_platform_tests.sync.world import MAPPING, Shop, Things, thing, things

FRAME = things(thing("a")).lazy()
HERE = target_of(Things(Shop()), "acme")
ELSEWHERE = replace(HERE, host="127.0.0.1:8123")


def activation(name, mode=Mode.UPSERT, scope=None, mapping=MAPPING):
    lines = tuple(mapping) + tuple(
        FieldMapping(field, constant=value) for field, value in (scope or {}).items()
    )
    return Activation(
        name=name,
        service=Things(Shop()),
        mode=mode,
        run_type=RunType.FULL_THEN_DELTA,
        mapping=lines,
        key=("key",),
        scope=scope or {},
    )


@pytest.fixture
def root(tmp_path):
    return Folder(tmp_path)


def claims(root, name, target=HERE, declared=(), ledger=None, **how):
    """An activation claims its ledger and seals an empty run; returns the notes."""
    one = activation(name, **how)
    opened = Ledger(root / "ledgers" / (ledger or name))
    declared = {*declared, name}
    notes = claim(one, opened, target, FRAME, lambda: neighbours(root, opened.folder.name, declared))
    opened.begin(mapping={line.field: "text" for line in one.mapping})
    opened.seal()
    return notes


# A2: what may differ


def test_a2_a_ledger_of_another_account_names_what_leads_on(root):
    claims(root, "a")
    with pytest.raises(LedgerMismatch, match='account "acme", now "other"') as error:
        claims(root, "a", replace(HERE, account="other"))
    assert "activation reset a" in error.value.remedy
    assert "adopt" not in error.value.remedy


def test_a2_a_renewed_credential_is_offered_to_be_adopted(root):
    claims(root, "a", replace(HERE, account="hash:1"))
    with pytest.raises(LedgerMismatch, match="account") as error:
        claims(root, "a", replace(HERE, account="hash:2"))
    assert "activation adopt a." in error.value.remedy


def test_a2_a_credential_that_is_renewed_goes_on_once_it_is_adopted(root):
    old, new = replace(HERE, account="hash:1"), replace(HERE, account="hash:2")
    claims(root, "a", old)
    assert adoptable(root, "a", new, ["a"]) == ["a"]
    adopt(root, "a", of="a", target=new, key=("key",))
    assert claims(root, "a", new) == []
    assert (Manifest.read(root / "ledgers" / "a").sequence, Manifest.read(root / "ledgers" / "a").placed) == (
        2,
        False,
    )


@pytest.mark.parametrize(
    "other",
    [
        {"platform": "market"},
        {"service": "people"},
        {"object": "list 7"},
        {"account": "other"},
        {"account": "hash:2"},
        {"host": "127.0.0.1:8123", "account": "other"},
    ],
    ids=str,
)
def test_a2_a_ledger_of_another_target_is_not_adopted(root, other):
    claims(root, "old")
    with pytest.raises(LedgerMismatch, match=f'{next(iter(other))} "'):
        adopt(root, "new", of="old", target=replace(HERE, **other), key=("key",))
    assert ledgers(root) == ["old"]


def test_a2_a_ledger_of_another_key_is_not_adopted(root):
    claims(root, "old")
    with pytest.raises(LedgerMismatch, match=r"primary key key \(text\), now id, country"):
        adopt(root, "new", of="old", target=HERE, key=("id", "country"))


def test_a2_what_is_no_ledger_is_not_adopted(root):
    with pytest.raises(DeclarationError, match="there is no ledger nobody"):
        adopt(root, "new", of="nobody", target=HERE, key=("key",))


def test_a2_a_ledger_with_entries_is_not_replaced_by_an_adopted_one(workshop):
    workshop.mode = Mode.UPSERT
    workshop.run(thing("a"))
    target = workshop.ledger().manifest.target
    claims(workshop.store, "old", target, declared=["things"])
    with pytest.raises(DeclarationError, match="has a ledger of its own") as error:
        adopt(workshop.store, "things", of="old", target=target, key=("key",))
    assert "activation reset things" in error.value.remedy
    reset(workshop.store, "things")
    adopt(workshop.store, "things", of="old", target=target, key=("key",))
    assert ledgers(workshop.store) == ["things"]


def test_a2_while_a_run_has_a_ledger_it_is_neither_adopted_nor_reset(root, monkeypatch):
    monkeypatch.setattr("activation_platform.sync.ledgers._LOCK_WAIT", 0)
    claims(root, "old")
    with root.lock("locks/old", wait=0):
        with pytest.raises(TimedOut, match="old"):
            adopt(root, "new", of="old", target=HERE, key=("key",))
        with pytest.raises(TimedOut, match="old"):
            reset(root, "old")
    assert ledgers(root) == ["old"]


def test_a2_a_renamed_activation_goes_on_with_what_it_adopts(workshop):
    workshop.run(thing("a"), thing("b"))
    target = workshop.ledger().manifest.target
    refused = Ledger(workshop.store / "ledgers" / "renamed")  # by the run that was told to adopt
    refused.begin()
    refused.seal()
    adopt(workshop.store, "renamed", of="things", target=target, key=("key",))
    (workshop.root / "ledgers" / "renamed").rename(workshop.root / "ledgers" / "things")
    workshop.run(thing("a"))
    assert (workshop.vendor.of("delete"), workshop.vendor.of("insert")) == (["b"], [])


def test_a2_what_a_crashed_run_left_is_sealed_when_it_is_adopted(workshop):
    workshop.vendor.answers = ["dies after"]
    workshop.dies(thing("a"))
    target = workshop.ledger().manifest.target
    adopt(workshop.store, "renamed", of="things", target=target, key=("key",))
    head = Ledger(workshop.store / "ledgers" / "renamed").head
    assert len(head) == 1


# A2: a ledger for each host


def test_a2_an_activation_has_one_ledger_for_each_host(root):
    assert ledger_of(root, "a", HERE.host) == "a"
    claims(root, "a")
    assert ledger_of(root, "a", HERE.host) == "a"
    assert ledger_of(root, "a", ELSEWHERE.host) == "a~127.0.0.1_8123"
    assert ledger_of(root, "a", "s3://bucket/some folder/") == "a~s3_bucket_some_folder"
    assert ledger_of(root, "a", "/deep" * 100) == "a~" + "deep_" * 23 + "deep"


def test_a2_a_hosts_own_ledger_stays_its_own_when_the_first_one_starts_over(root):
    claims(root, "a")
    claims(root, "a", replace(ELSEWHERE, account="rehearsal"), ledger="a~127.0.0.1_8123")
    reset(root, "a")
    assert ledger_of(root, "a", ELSEWHERE.host) == "a~127.0.0.1_8123"
    assert ledger_of(root, "a", HERE.host) == "a"


def test_a2_another_address_of_the_same_account_is_offered_to_be_adopted(root):
    claims(root, "a")
    with pytest.raises(LedgerMismatch, match=r"for the same account at shop\.example\.com") as error:
        claims(root, "a", ELSEWHERE, ledger="a~127.0.0.1_8123")
    assert "activation adopt a --from a" in error.value.remedy
    assert "activation reset a~127.0.0.1_8123" in error.value.remedy
    adopt(root, "a~127.0.0.1_8123", of="a", target=ELSEWHERE, key=("key",))
    assert claims(root, "a", ELSEWHERE, ledger="a~127.0.0.1_8123") == []


def test_a2_an_own_ledger_for_another_address_of_the_account_is_begun_by_resetting_it(root):
    claims(root, "a")
    reset(root, "a~127.0.0.1_8123")
    assert claims(root, "a", ELSEWHERE, ledger="a~127.0.0.1_8123") == []
    assert ledgers(root) == ["a", "a~127.0.0.1_8123"]


# A3: a run with no ledger looks for one


def test_a3_a_run_with_no_ledger_finds_that_of_an_activation_that_is_no_longer_declared(root):
    claims(root, "old", mode=Mode.MIRROR)
    with pytest.raises(LedgerMismatch, match="the activation old, which is no longer declared") as error:
        claims(root, "new")
    assert "activation adopt new --from old" in error.value.remedy
    assert "activation reset new" in error.value.remedy
    assert Manifest.read(root / "ledgers" / "new").target is None
    assert adoptable(root, "new", HERE, ["new"]) == ["old"]


def test_a3_a_run_with_no_ledger_leaves_those_of_declared_activations_and_other_targets_alone(root):
    claims(root, "declared")
    claims(root, "gone", replace(HERE, account="other"))
    claims(root, "new", declared=["declared"])
    assert adoptable(root, "third", HERE, ["declared", "new", "third"]) == []


def test_a3_whoever_resets_begins_with_an_empty_ledger_beside_the_old_one(root):
    claims(root, "old")
    reset(root, "new")
    claims(root, "new")
    assert not Manifest.read(root / "ledgers" / "new").placed


# A4: one owner


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.SNAPSHOT, Mode.ERASE])
@pytest.mark.parametrize("first", [True, False])
def test_a4_two_on_one_target_stop_where_either_takes_away(root, mode, first):
    claims(root, "a", mode=mode if first else Mode.UPSERT)
    with pytest.raises(DeclarationError, match='"a" writes to the same target') as error:
        claims(root, "b", declared=["a"], mode=Mode.UPSERT if first else mode)
    assert f"({mode})" in str(error.value)
    assert "scope" in error.value.remedy
    assert Manifest.read(root / "ledgers" / "b").target is None


def test_a4_whoever_came_first_goes_on_beside_one_that_was_refused(root):
    claims(root, "a", mode=Mode.MIRROR)
    with pytest.raises(DeclarationError):
        claims(root, "b", declared=["a"])
    assert claims(root, "a", declared=["b"], mode=Mode.MIRROR) == []


def test_a4_of_an_owner_that_is_no_longer_declared_the_way_out_is_named(root):
    claims(root, "b")
    claims(root, "a", declared=["b"])
    with pytest.raises(DeclarationError) as error:
        claims(root, "b", mode=Mode.MIRROR)
    assert "If a is gone for good, set its ledger aside: activation reset a." in error.value.remedy
    reset(root, "a")
    assert claims(root, "b", mode=Mode.MIRROR) == []


def test_a4_two_upserts_of_the_same_field_are_noted_and_name_both(root):
    claims(root, "a", mapping=MAPPING[:2])
    (note,) = claims(root, "b", declared=["a"])
    assert '"b" and "a" write to the same target, and both map email' in note
    assert claims(root, "c", declared=["a", "b"], mapping=(MAPPING[0],)) == []


def test_a4_disjoint_scopes_share_a_target(root):
    claims(root, "a", mode=Mode.MIRROR, scope={"region": "emea"})
    assert claims(root, "b", declared=["a"], mode=Mode.MIRROR, scope={"region": "apac"}) == []
    for scope in ({"region": "emea"}, {"country": "fr"}, None):
        with pytest.raises(DeclarationError, match="same target"):
            claims(root, "c", declared=["a", "b"], mode=Mode.MIRROR, scope=scope)


def test_a4_another_account_or_host_is_another_target(root):
    claims(root, "a", mode=Mode.MIRROR)
    for name, other in {
        "b": {"account": "other"},
        "c": {"host": "127.0.0.1:1"},
        "d": {"object": "x"},
    }.items():
        assert claims(root, name, replace(HERE, **other), declared=["a", "b", "c"], mode=Mode.MIRROR) == []


def test_a4_a_damaged_ledger_of_another_stops_nobody_else_and_is_noted(root):
    claims(root, "a")
    (root / "ledgers" / "a").write("manifest.json", b"{")
    (note,) = claims(root, "b", declared=["a"])
    assert "the ledger a is damaged" in note


def test_a4_of_two_that_claim_at_once_at_least_one_sees_the_other(root):
    claims(root, "b", mode=Mode.UPSERT)
    one, opened = activation("a", Mode.MIRROR), Ledger(root / "ledgers" / "a")
    seen = []

    def looking():
        seen.append(Manifest.read(opened.folder).target)
        return neighbours(root, "a", {"a", "b"})

    with pytest.raises(DeclarationError):
        claim(one, opened, HERE, FRAME, looking)
    assert seen == [None, HERE]  # looked for a ledger first, for others once its own claim stood there


RECORDS, MEMBERS, EVENTS = ObjectKind.RECORD, ObjectKind.LIST, ObjectKind.EVENT


@pytest.mark.parametrize(
    ("modes", "objects", "words"),
    [
        ((Mode.UPSERT, Mode.UPSERT), RECORDS, "both map name"),
        ((Mode.UPSERT, Mode.UPDATE_ONLY), RECORDS, "both map name"),
        ((Mode.UPSERT, Mode.INSERT_ONLY), RECORDS, ""),
        ((Mode.INSERT_ONLY, Mode.INSERT_ONLY), EVENTS, ""),
        ((Mode.UPSERT, Mode.UPSERT), MEMBERS, "it is gone for the other, too"),
    ],
    ids=str,
)
def test_a4_what_two_that_take_nothing_away_overwrite_of_each_other(modes, objects, words):
    one, other = (
        Holding(name, mode, objects, frozenset({"name"})) for name, mode in zip("ab", modes, strict=True)
    )
    assert contradiction(one, other) == ""
    assert words in overwriting(one, other)
    assert bool(words) == bool(overwriting(one, other))


def test_a4_a_snapshot_shares_its_target_with_nobody():
    scopes = ({"region": "emea"}, {"region": "apac"})
    one, other = (
        Holding(name, mode, RECORDS, scope=scope)
        for name, mode, scope in zip("ab", (Mode.SNAPSHOT, Mode.UPSERT), scopes, strict=True)
    )
    assert '"a" (snapshot) would replace what the other wrote' in contradiction(one, other)
