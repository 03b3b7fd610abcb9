"""The kit of deploy/kubernetes without a cluster: what Kustomize makes of it, against Kubernetes' schemas, Pod Security and price_assets itself."""
