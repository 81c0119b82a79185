"""Rules proposed to a steward, each with its reason, from declared items and the profile."""
