"""The public pages: offers, one offer, a provider; owns no table."""
