"""Libraries that are loaded when one of their names is first used: no process waits for what it may not need."""

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until one of its names is asked for; Python's import lock makes that safe between threads."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        """A name of the module; from then on it is here without a detour."""
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found
