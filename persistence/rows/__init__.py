"""One table per file, and the translation of its rows to and from the domain."""
