"""The stories: one durable workflow per file, named after what it tells."""
