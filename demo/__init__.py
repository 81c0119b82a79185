"""How the demonstration files are cut out of collected public data, and measured; no part of the portal."""
