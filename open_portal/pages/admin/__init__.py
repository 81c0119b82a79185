"""The administration: one subject in each module."""
