"""`python -m open_portal` is the command `tiaoxi`."""

from open_portal.cli import main

main()
