"""Search: Chinese words, pinyin, traditional characters, facets, rights, and an index that is behind."""
