"""When the team looks, what those times can keep, and what they are likely to."""
