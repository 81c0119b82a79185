"""How rules are run over a table: Great Expectations on DuckDB, on pandas as the judge, on Spark.

Only worker and command line import `expectations` and the engines.
"""
