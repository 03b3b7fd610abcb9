"""What runs in the pods of the servers' image; images.py puts its context together."""
