"""Tests of a deployment: its files, and Dagster itself running from them."""
