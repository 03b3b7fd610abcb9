"""Tests in a real Kubernetes, whichever KUBECONFIG names: `make test-e2e`."""
