"""What a reviewer fills in: one reason for each part that is to be changed, one for the whole."""

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.listings.actions.lifecycle import WHOLE
from portal.listings.wording import PART_NAMES
from portal.web.fields import CountField, PortalForm, TextBlockField

LONGEST_REASON: Final = 500
"""Characters of one reason."""
_PREFIX: Final = "reason_"
_NAMES: Final[dict[str, Any]] = {WHOLE: _l("The offer as a whole"), **PART_NAMES}


def _reason_fields() -> dict[str, Any]:
    return {
        _PREFIX + part: TextBlockField(name, most=LONGEST_REASON, rows=2)
        for part, name in _NAMES.items()
    }


_Reasons: Any = type("_Reasons", (PortalForm,), _reason_fields())


class ReviewForm(_Reasons):
    """The version that was looked at, and the reasons; approving needs none of them."""

    version = CountField(required=True)

    @property
    def reasons(self) -> dict[str, str]:
        """Part → reason, of those that were written, in the order of the parts."""
        written = {part: self.reason(part).data for part in _NAMES}
        return {part: text for part, text in written.items() if text}

    def reason(self, part: str) -> Any:
        """The field for a part's reason."""
        return self[_PREFIX + part]

    def ask_for_a_reason(self) -> None:
        """Say that an offer is not sent back without a word."""
        self.form_errors = [_("Write at least one reason: its staff must know what to change.")]
