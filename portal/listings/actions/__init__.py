"""Writes of listings, by what they are about: saving, drafts, copies, lifecycle, pictures."""

from portal.listings.actions.copying import duplicate
from portal.listings.actions.drafts import (
    Kept,
    NewerDraft,
    TooMuch,
    create_from_form,
    discard_draft,
    keep_draft,
    purge_drafts,
    save_form,
)
from portal.listings.actions.lifecycle import NotPublishable, publish, withdraw
from portal.listings.actions.pictures import QuotaFull, add_picture, sweep_pictures
from portal.listings.actions.placing import PicturesGone, add_image, place_pictures
from portal.listings.actions.saving import (
    Conflict,
    NumberTaken,
    Saved,
    create,
    save,
    set_values,
)

__all__ = [
    "Conflict",
    "Kept",
    "NewerDraft",
    "NotPublishable",
    "NumberTaken",
    "PicturesGone",
    "QuotaFull",
    "Saved",
    "TooMuch",
    "add_image",
    "add_picture",
    "create",
    "create_from_form",
    "discard_draft",
    "duplicate",
    "keep_draft",
    "place_pictures",
    "publish",
    "purge_drafts",
    "save",
    "save_form",
    "set_values",
    "sweep_pictures",
    "withdraw",
]
