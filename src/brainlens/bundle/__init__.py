"""What ships: the only thing that passes between training and serving."""
