"""Sheets in, drafts out: a file is read, its columns are matched, checked, and only then written."""
