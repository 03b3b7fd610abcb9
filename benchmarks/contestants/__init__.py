"""Programs that the contestants' own Python runs: ``python -m benchmarks.contestants.NAME QUERY TABLE OUT WAY …`` writes OUT.csv or OUT.xlsx.

The rows come from `DATABASE_URL`. Two are of another kind: `from_parquet`, and `chart`, which stands here since matplotlib is installed beside them.
"""
