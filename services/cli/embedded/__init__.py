"""Postgres and Valkey from wheels, for one machine without Docker."""
