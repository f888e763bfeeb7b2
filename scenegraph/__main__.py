"""`python -m scenegraph` is `scenegraph`."""

from scenegraph.cli import main

main()
