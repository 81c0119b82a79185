"""Finding entries: the search page, its filters and lists, suggestions, comparison."""
