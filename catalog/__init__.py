"""What data there is: entries in both domains, versions, items, stored files, search, counts, and who may read what."""
