"""How data leaves its owner: applications and approval, agreements, grants, delivery, demands, release and rates."""
