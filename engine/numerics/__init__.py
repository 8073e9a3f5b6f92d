"""Compiled building blocks used by several models."""
