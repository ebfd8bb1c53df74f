"""SQL of subscriptions: who they are, facts queued for them, sendings, and the log of it all."""
