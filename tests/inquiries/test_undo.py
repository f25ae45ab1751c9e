"""Acts taken back: all of it, what nobody touched since, for a day, and only one's own provider's."""

from typing import Any

import pytest
import time_machine

from portal.accounts.models import Person, Provider
from portal.clock import DAY
from portal.database import Missing
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.actions import Doing
from portal.inquiries.actions.acts import COLUMNS
from portal.inquiries.models import Change, Inquiry
from portal.inquiries.moves import MOVES, Act
from portal.inquiries.vocabulary import Stage
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.test_acts import AT, act_on, audited, counts, doing, events, now


@pytest.fixture
def me(provider: Provider) -> Person:
    """A seller of provider A."""
    return factories.person(provider, Role.SELLER)


def undo(me: Person, change_id: int) -> actions.Acted:
    """Take it back."""
    assert me.provider_id is not None
    return actions.undo(me.provider_id, change_id, by=me.id)


def facts_of(thread: Inquiry) -> dict[str, Any]:
    """All that an act may change, and where the thread stands by it."""
    found = now(thread)
    return {name: getattr(found, name) for name in (*COLUMNS, "rank", "stage")}


@pytest.mark.parametrize(
    ("act", "stage"),
    [
        (move.act, stage)
        for move in MOVES.values()
        if not move.is_final
        for stage in sorted(move.begins)
    ],
)
def test_every_act_that_is_not_final_can_be_taken_back(
    provider: Provider, listing: Listing, me: Person, act: Act, stage: Stage
) -> None:
    thread = factories.inquiry(listing, **AT[stage])
    if act is Act.REOPEN:
        # As threads are: what follows from the words is there while it is closed too.
        act_on(me, Doing(act=Act.REOPEN), thread)
        act_on(me, Doing(act=Act(stage), reason="price" if stage is Stage.LOST else None), thread)
    before, events_before = facts_of(thread), events(thread)
    acted = act_on(me, doing(act, me), thread)
    assert facts_of(thread) != before
    assert undo(me, acted.change_id).changed == (thread.id,)
    assert facts_of(thread) == before
    assert events(thread) == events_before
    assert audited(thread)[-2:] == [f"inquiry.{act}", "inquiry.undo"]
    assert counts(provider) == {stage: 1}


def test_twice_is_once(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    acted = act_on(me, doing(Act.LOST, me), thread)
    first = undo(me, acted.change_id)
    version = now(thread).version
    assert undo(me, acted.change_id) == first
    assert now(thread).version == version


def test_what_was_touched_since_is_left_and_named(
    provider: Provider, listing: Listing, me: Person
) -> None:
    touched, removed, left = (factories.inquiry(listing) for _one in range(3))
    acted = act_on(me, doing(Act.LOST, me), touched, removed, left)
    act_on(me, doing(Act.ASSIGN, me), touched)
    db.session.delete(db.session.get_one(Inquiry, removed.id))
    db.session.commit()
    taken_back = undo(me, acted.change_id)
    assert taken_back.changed == (left.id,)
    assert taken_back.refused == ((touched.id, "changed"), (removed.id, "gone"))
    assert (now(touched).stage, now(left).stage) == (Stage.LOST, Stage.US)
    assert [kind for kind, _by, _facts in events(touched)] == ["lost", "assigned"]


def test_an_act_that_is_undone_leaves_the_one_before_it(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    first = act_on(me, doing(Act.ASSIGN, me), thread)
    second = act_on(me, doing(Act.LOST, me), thread)
    assert undo(me, first.change_id).refused == ((thread.id, "changed"),)
    undo(me, second.change_id)
    assert now(thread).assignee_id == me.id
    assert [kind for kind, _by, _facts in events(thread)] == ["assigned"]


@pytest.mark.parametrize("act", [Act.RELEASE, Act.EMPTY])
def test_mails_and_deletions_have_no_undo(listing: Listing, me: Person, act: Act) -> None:
    thread = factories.inquiry(listing, **AT[Stage.SPAM])
    acted = act_on(me, Doing(act=act), thread)
    with pytest.raises(actions.NotUndoable):
        undo(me, acted.change_id)


def test_after_a_day_it_stands(listing: Listing, me: Person, clock: time_machine.Traveller) -> None:
    thread = factories.inquiry(listing)
    acted = act_on(me, doing(Act.LOST, me), thread)
    clock.shift(DAY + 1)
    with pytest.raises(actions.NotUndoable):
        undo(me, acted.change_id)
    assert now(thread).stage == Stage.LOST


def test_another_providers_act_is_as_none(
    other_provider: Provider, listing: Listing, me: Person
) -> None:
    eve = factories.person(other_provider, Role.SELLER)
    thread = factories.inquiry(listing)
    acted = act_on(me, doing(Act.LOST, me), thread)
    for change_id in (acted.change_id, 700_000_000):
        with pytest.raises(Missing):
            undo(eve, change_id)
    assert db.session.get_one(Change, acted.change_id).undone_at is None
