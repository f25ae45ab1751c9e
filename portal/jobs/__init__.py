"""Background work: a table of jobs in the same database, claimed under a lease."""
