"""Rules: from readings and time to findings. One file per rule."""
