"""Restricted opening: applications, agreements, grants and delivery through them."""
