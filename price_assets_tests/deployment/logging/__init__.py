"""Tests of deploy/logging: the lines that Dagster's processes really write, and the collectors' configurations."""
