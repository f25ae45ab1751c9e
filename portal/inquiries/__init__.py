"""Buyers' questions: threads, answers and how long they took."""
