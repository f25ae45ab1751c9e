"""Who may do what: the permissions, the roles that carry them, nothing else."""

from enum import StrEnum
from functools import cache
from typing import Final


class Permission(StrEnum):
    """One thing a person may do; views name it with `@requires`."""

    LISTING_VIEW = "listing:view"
    LISTING_EDIT = "listing:edit"
    LISTING_PUBLISH = "listing:publish"
    LISTING_CONFIRM = "listing:confirm"
    LISTING_REVIEW = "listing:review"
    INQUIRY_VIEW = "inquiry:view"
    INQUIRY_ANSWER = "inquiry:answer"
    INQUIRY_MANAGE = "inquiry:manage"
    STATISTICS_VIEW = "statistics:view"
    STATISTICS_ALL = "statistics:all"
    PROVIDER_EDIT = "provider:edit"


class Access(StrEnum):
    """What an endpoint may declare instead of a permission."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"


PUBLIC: Final = Access.PUBLIC
SIGNED_IN: Final = Access.SIGNED_IN


class Role(StrEnum):
    """A set of permissions given to a person; one person may hold several."""

    STAFF = "staff"
    SELLER = "seller"
    MANAGER = "manager"
    ADMIN = "admin"


ROLES: Final[dict[Role, frozenset[Permission]]] = {
    Role.STAFF: frozenset(
        {
            Permission.LISTING_VIEW,
            Permission.LISTING_EDIT,
            Permission.LISTING_PUBLISH,
            Permission.LISTING_CONFIRM,
            Permission.STATISTICS_VIEW,
        }
    ),
    Role.SELLER: frozenset(
        {
            Permission.LISTING_VIEW,
            # Who talks to buyers is the first to know what can still be had.
            Permission.LISTING_CONFIRM,
            Permission.INQUIRY_VIEW,
            Permission.INQUIRY_ANSWER,
            Permission.STATISTICS_VIEW,
        }
    ),
    # Leads the sellers: how the desk works, and what must not be forgotten.
    Role.MANAGER: frozenset(
        {
            Permission.LISTING_VIEW,
            Permission.LISTING_CONFIRM,
            Permission.INQUIRY_VIEW,
            Permission.INQUIRY_ANSWER,
            Permission.INQUIRY_MANAGE,
            Permission.STATISTICS_VIEW,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Permission.LISTING_REVIEW,
            Permission.STATISTICS_VIEW,
            Permission.STATISTICS_ALL,
            Permission.PROVIDER_EDIT,
        }
    ),
}


@cache
def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """All that the given roles allow together."""
    return frozenset[Permission]().union(*(ROLES[role] for role in roles))
