"""The demonstration: real public data loaded through the same deeds as a user's, into an empty database."""
