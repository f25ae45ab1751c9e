"""The measured claims of the README, each a command: `make bench`, `make bench ONLY=name`."""
