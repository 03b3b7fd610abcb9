"""`python -m price_assets` is `price-assets`."""

from price_assets.cli import main

main(prog_name="price-assets")
