"""What the public is told about answers, made from what is promised."""
