"""Departments' demands for shared data: asked, dispatched, mounted and confirmed."""
