"""The tests, a folder a feature, and what they share."""
