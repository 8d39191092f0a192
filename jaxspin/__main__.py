"""`python -m jaxspin` is the command `jaxspin`."""

import sys

from jaxspin.cli import main

sys.exit(main())
