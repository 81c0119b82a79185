"""The door for programs that speak CKAN: reading, writing, feeds and the actions behind them."""
