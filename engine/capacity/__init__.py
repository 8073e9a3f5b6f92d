"""How many patterns a perceptron can store."""
