"""Page plumbing that knows no feature: access, fragments, headers, languages, input, output."""
