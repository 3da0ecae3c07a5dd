"""What the end-to-end tests run on: a private PostgreSQL, mock providers and the three built executables."""
