"""What is due now: duties of alerts, messages to send, their fate; the audit; the lifeline when the store is sick."""
