"""Exchange with other platforms in CKAN's language; ckanapi is spoken here alone."""
