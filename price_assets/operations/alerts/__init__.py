"""What somebody on call must hear of, what is said of it, and the channels that it goes through."""
