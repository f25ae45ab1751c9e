"""Attacks and their right answers, each named by its case."""
