"""SQL of the rule book: rules and versions, runs, and messages to try a draft on."""
