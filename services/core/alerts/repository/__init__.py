"""SQL of escalation, one module for each thing kept: alerts, channels, ladders, the outbox."""
