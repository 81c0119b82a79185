"""How people and programs reach the platform, and where everything is put together."""
