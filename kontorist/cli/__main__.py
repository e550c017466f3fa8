"""`python -m kontorist.cli`."""

from kontorist.cli import main

main()
