"""The interface for programs, one subject in each module."""
