"""Providers, people, roles, sign-in and sessions."""
