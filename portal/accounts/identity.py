"""The signed-in person as the rest of the product sees them: read afresh on each request."""

from dataclasses import dataclass
from functools import cached_property

from flask_login import UserMixin

from portal.permissions import Permission, Role, permissions_of


@dataclass(frozen=True)
class Identity(UserMixin):
    """Who is acting, for which provider (None: the marketplace), with which roles."""

    token: str
    session_id: int
    person_id: int
    name: str
    email: str
    language: str
    provider_id: int | None
    provider_name: str | None
    timezone: str
    """IANA name of the zone in whose days the provider's offers end."""
    reviews_listings: bool
    """Whether an admin looks at the provider's offers before buyers do."""
    roles: frozenset[Role]
    seen_at: int

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the session's random id, not the person's."""
        return self.token

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """All that this person's roles allow."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether this person may do it."""
        return permission in self.permissions
