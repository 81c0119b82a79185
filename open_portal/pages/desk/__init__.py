"""The work desk of those who keep data: one subject in each module."""
