"""Cleaning rules: steps over a table that make a version of its own, every changed cell kept."""
