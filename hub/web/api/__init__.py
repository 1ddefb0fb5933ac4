"""The API for programs, `/api/v1`. Nothing of it is loaded before a program first asks."""
