"""One's own data: tables, files and graphs of other libraries, made into graphs."""
