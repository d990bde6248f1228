"""`python -m tfgen`."""

from tfgen.main import main

main()
