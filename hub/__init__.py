"""The alert hub: takes readings in, decides, and makes alerts climb until a person takes them."""
