"""Signing in and out, registering, and what belongs to one's account."""
