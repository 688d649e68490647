"""What operators see of the hub itself: log lines, metrics and trace context."""
