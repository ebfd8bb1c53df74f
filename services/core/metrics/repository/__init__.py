"""SQL of metrics, run: numbers out of raw rows, and sums of days."""
