"""The indicators, their tables, and the rows behind them."""
