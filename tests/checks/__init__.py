"""The house's own rules as checks: `make check` runs them, test_architecture.py proves them.

Each module has one function `faults()` that returns sentences naming file, line and rule.
"""
