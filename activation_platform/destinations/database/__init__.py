"""A database (PostgreSQL, DuckDB) as a destination: tables are kept in step, row by row, in transactions."""
