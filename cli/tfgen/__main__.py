"""`python -m tfgen`."""

from tfgen.start import main

main()
