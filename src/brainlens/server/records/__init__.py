"""What was done: one record a prediction, chained so that meddling shows."""
