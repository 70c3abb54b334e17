"""`python -m kamome`."""

from kamome.cli.main import main

main()
