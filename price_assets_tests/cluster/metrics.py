"""The pod that Prometheus reads."""

from urllib.request import urlopen

from price_assets_tests.cluster.namespaces import Namespace, condition


def served(namespace: Namespace) -> str:
    """What it serves, once its probes have passed."""
    (pod,) = namespace.all("pods", "app.kubernetes.io/component=metrics")
    assert condition(pod, "Ready")
    with namespace.forwarded("service/price-assets-metrics", 9108) as port:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return answer.read().decode()
