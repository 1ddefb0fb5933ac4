"""From the bytes a device published to what they say: pure, without clock, network or file."""
