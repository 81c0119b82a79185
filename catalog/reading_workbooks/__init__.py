"""Workbooks as a limited child process reads them; it loads this package and nothing else of the project."""
