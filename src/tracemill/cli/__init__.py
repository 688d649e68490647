"""The command line: human first, --json everywhere, exit codes 0 ok, 1 failed, 2 findings, 64 usage."""
