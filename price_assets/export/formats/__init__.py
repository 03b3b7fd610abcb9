"""A snapshot → a file, and the file read again."""
