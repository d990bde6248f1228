"""Moto's server with what it lacks of builds filled in; takes moto_server's options."""

from __future__ import annotations

import sys

from moto.server import main

from tfgen.emulator import gaps_images

if __name__ == "__main__":
    with gaps_images.filled():
        main(sys.argv[1:])
