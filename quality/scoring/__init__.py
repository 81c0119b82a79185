"""What scores add up to: by rule, item and body, month by month, and the report for experts."""
