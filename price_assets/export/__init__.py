"""The work itself; never imports Dagster."""
