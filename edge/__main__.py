"""`python -m edge` is the `outcrop` command."""

from edge.cli.main import main

if __name__ == "__main__":
    main()
