"""Who is acting, in whose name, in which transaction, and what was recorded."""
