"""Full-text search over the rows of any table, in Chinese and Latin, on both databases."""
