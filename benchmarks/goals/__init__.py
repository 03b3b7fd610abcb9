"""A module for each goal of speed and size: it measures, and says what was found and what has to be."""
