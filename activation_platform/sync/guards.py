"""Guards: withhold what looks like a mistake before anything is sent (SEMANTICS C3)."""

from activation_platform.contracts.errors import GuardTripped
from activation_platform.contracts.modes import Mode, Operation
from activation_platform.sync.ledger import Ledger
from activation_platform.sync.order import Activation, Guard, RunOrder
from activation_platform.sync.plan import Plan
from activation_platform.sync.states import HELD

__all__ = ["guard"]


def guard(plan: Plan, activation: Activation, ledger: Ledger, order: RunOrder) -> None:
    """Withhold what a guard refuses, unless the order allows so many of it; raises GuardTripped where one stops the run."""
    held = ledger.head.count(*HELD)
    everything = not ledger.manifest.full_done or order.full or activation.mode is Mode.SNAPSHOT
    guards = activation.guards
    deletes = held if _clears(plan, activation) else plan.counts.delete
    whole, of = (
        (plan.rows, "rows of the model")
        if activation.mode is Mode.ERASE
        else (held, "records at the destination")
    )
    _ask(plan, activation, order, Operation.DELETE, guards.deletes, deletes, whole, of)
    if not everything:
        _ask(plan, activation, order, Operation.UPDATE, guards.updates, plan.counts.update, held, of)
        _ask(plan, activation, order, Operation.INSERT, guards.inserts, plan.counts.insert, held, of)


def _clears(plan: Plan, activation: Activation) -> bool:
    """Whether the destination stands empty, or in part, for a while: a snapshot that takes more than one batch (SEMANTICS C1)."""
    replaces_at_once = activation.in_one_piece or plan.counts.insert <= activation.service.batch_size
    return activation.mode is Mode.SNAPSHOT and not replaces_at_once


def _ask(
    plan: Plan,
    activation: Activation,
    order: RunOrder,
    operation: Operation,
    asked: Guard | None,
    count: int,
    whole: int,
    of: str,
) -> None:
    if asked is None or count <= asked.records or count * 100 <= asked.percent * whole:
        return
    word = f"{operation}s"
    ceiling = order.allow.get(word, 0)
    share = f"{count} {word} are {count / max(whole, 1):.0%} of the {whole} {of}"
    if count <= ceiling:
        plan.notes.append(f"{share}; allowed by this run's config (allow: {{{word}: {ceiling}}})")
        return
    words = f"the {word} guard (more than {asked.percent:g} % and more than {asked.records} records) tripped: {share}"
    remedy = f"If that is right, run again with the config allow: {{{word}: {count}}}."
    if asked.stop == "run":
        raise GuardTripped(words, remedy=remedy)
    plan.notes.append(f"{words}; they are withheld. {remedy}")
    plan.withhold(operation)
    if activation.mode is Mode.SNAPSHOT:  # what is to take their place is of no use without it
        plan.withhold(Operation.INSERT)
