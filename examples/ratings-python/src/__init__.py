"""What people and machines run: the four commands of the training pipeline, the service and its scorer."""
