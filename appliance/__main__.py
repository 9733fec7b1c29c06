"""`python -m appliance` is the command line."""

from .cli import main

main()
