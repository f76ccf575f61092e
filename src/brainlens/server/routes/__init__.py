"""The service's paths, one router a file."""
