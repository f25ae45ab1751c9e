"""Writes of listings, by what they are about: saving, lifecycle, pictures."""

from portal.listings.actions.lifecycle import NotPublishable, publish, withdraw
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
    "NotPublishable",
    "NumberTaken",
    "PicturesGone",
    "Saved",
    "add_image",
    "create",
    "place_pictures",
    "publish",
    "save",
    "set_values",
    "withdraw",
]
