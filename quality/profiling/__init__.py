"""What a look at a table tells: profile, dependencies, slips, personal data, risk of disclosure."""
