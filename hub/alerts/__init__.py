"""Alerts: the machine they live by, the ladder they climb, the words people get."""
