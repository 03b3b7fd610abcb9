"""The pod that Prometheus reads."""

from urllib.request import urlopen

from price_assets_tests.cluster.namespaces import Namespace, condition


def served(namespace: Namespace) -> str:
    """What it serves, once its probes have passed."""
    namespace.wait_until(lambda: _is_ready(namespace), "the metrics are served")
    with namespace.forwarded("service/price-assets-metrics", 9108) as port:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return answer.read().decode()


def _is_ready(namespace: Namespace) -> bool:
    pods = namespace.all("pods", "app.kubernetes.io/component=metrics")
    return len(pods) == 1 and bool(condition(pods[0], "Ready"))
