"""Tests of deploy/monitoring: the rules, their routes and the dashboard, in the real Prometheus, Alertmanager and Postgres."""
