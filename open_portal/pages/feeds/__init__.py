"""The catalogue for machines: feeds, linked data, files, and what robots may do."""
