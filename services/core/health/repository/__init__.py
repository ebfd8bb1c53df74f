"""SQL of the product's own state: who lives, what waits and for how long, what an auditor found."""
