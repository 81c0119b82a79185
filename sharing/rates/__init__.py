"""Rates: the open, share and satisfaction rates, computed by versioned definition with their evidence."""
