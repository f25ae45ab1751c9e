"""Writes of listings, by what they are about: saving, drafts, copies, lifecycle, pictures."""

from portal.listings.actions.bulk import JOB as BULK
from portal.listings.actions.bulk import Doing, NotUndoable, change_many, run_bulk, undo_many
from portal.listings.actions.copying import duplicate
from portal.listings.actions.drafts import (
    Kept,
    NewerDraft,
    SavedJustNow,
    TooMuch,
    Typed,
    create_from_form,
    discard_draft,
    keep_draft,
    purge_drafts,
    save_form,
)
from portal.listings.actions.expiry import expire_ended, warn_of_ending
from portal.listings.actions.lifecycle import (
    ChangedSince,
    Moved,
    NotPublishable,
    approve,
    archive,
    confirm,
    delete,
    publish,
    reject,
    unarchive,
    withdraw,
)
from portal.listings.actions.many import create_many
from portal.listings.actions.pictures import QuotaFull, add_pictures, sweep_pictures
from portal.listings.actions.placing import PicturesGone, add_image, place_pictures
from portal.listings.actions.restoring import Restored, SavedSince, restore
from portal.listings.actions.saving import (
    Conflict,
    NumberTaken,
    Saved,
    create,
    save,
    set_typed,
    set_values,
)
from portal.listings.actions.viewing import (
    NameTaken,
    TooManyViews,
    change_view,
    forget_view,
    keep_view,
    move_view,
)

__all__ = [
    "BULK",
    "ChangedSince",
    "Conflict",
    "Doing",
    "Kept",
    "Moved",
    "NameTaken",
    "NewerDraft",
    "NotPublishable",
    "NotUndoable",
    "NumberTaken",
    "PicturesGone",
    "QuotaFull",
    "Restored",
    "Saved",
    "SavedJustNow",
    "SavedSince",
    "TooManyViews",
    "TooMuch",
    "Typed",
    "add_image",
    "add_pictures",
    "approve",
    "archive",
    "change_many",
    "change_view",
    "confirm",
    "create",
    "create_from_form",
    "create_many",
    "delete",
    "discard_draft",
    "duplicate",
    "expire_ended",
    "forget_view",
    "keep_draft",
    "keep_view",
    "move_view",
    "place_pictures",
    "publish",
    "purge_drafts",
    "reject",
    "restore",
    "run_bulk",
    "save",
    "save_form",
    "set_typed",
    "set_values",
    "sweep_pictures",
    "unarchive",
    "undo_many",
    "warn_of_ending",
    "withdraw",
]
