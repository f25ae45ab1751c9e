"""The buyer's side of a thread, behind its private link; its modules declare on one blueprint."""

from portal.inquiries.threads import ending, finding, show, writing
from portal.inquiries.threads.page import blueprint

__all__ = ["blueprint", "ending", "finding", "show", "writing"]
