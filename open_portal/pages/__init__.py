"""Pages: what the roof shows and answers, by subject; the blueprints are named in `blueprints`."""
