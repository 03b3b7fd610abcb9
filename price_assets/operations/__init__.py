"""What surrounds a run; never imports Dagster."""
