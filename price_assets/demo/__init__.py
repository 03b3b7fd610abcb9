"""An embedded Postgres, a made-up catalogue in it, and what `make demo` and `make ui` do with them."""
