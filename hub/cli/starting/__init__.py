"""What `carehub init` asks, and the files it writes."""
