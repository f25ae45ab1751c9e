"""Tests of the inquiries feature."""
