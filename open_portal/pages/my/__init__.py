"""What concerns a reader himself: applications, grants, subscriptions, webhooks."""
