"""What the service knows of films: cleaning, features, the model and its evaluation. No network, no commands."""
