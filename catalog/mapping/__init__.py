"""Translations between our entries and the shapes that other platforms use: pure, in both directions."""
