"""Lists that others keep, read without ever overwriting what the office knows."""
