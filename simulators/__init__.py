"""Stand-ins for everything outside the hub; they share no code with it."""
