"""helm-values.yaml: what Dagster's official chart, Dagster itself and Kubernetes make of it."""
