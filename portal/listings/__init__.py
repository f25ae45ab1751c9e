"""Offers of a provider: their fields, attribute pairs, pictures, revisions and search."""
