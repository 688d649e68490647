"""Mail: tells people."""
