"""`python -m tracemill.demo.plant`: run the plant until it is told to stop."""

from .serve import main

main()
