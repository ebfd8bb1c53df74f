"""SQL of learning: corrections and their lessons, samples, models."""
