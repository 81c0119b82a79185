"""One dataset's pages: what is told of it, its data, quality, profile and history."""
