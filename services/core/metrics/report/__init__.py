"""The community-health page as something to hand round: HTML with pictures, or Markdown."""
