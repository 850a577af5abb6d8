"""The command line: thin, it prints what the library returns."""
