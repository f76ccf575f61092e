"""What each request's time went to, told to a collector of OpenTelemetry."""
