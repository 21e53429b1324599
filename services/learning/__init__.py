"""Builds the weights of understanding from phrases and sentences. Only for training: nothing here serves."""
