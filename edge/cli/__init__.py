"""The `outcrop` command: a file a subcommand."""
