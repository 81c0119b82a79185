"""An entry's rules by version: edited, compared, exchanged, tried, templated, waived."""
