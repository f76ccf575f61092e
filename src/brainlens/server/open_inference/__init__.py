"""The Open Inference Protocol ("v2"): the same answers in the words of model servers."""
