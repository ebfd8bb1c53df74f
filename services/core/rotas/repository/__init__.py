"""SQL of being on call: rotas with their overrides, teams, and the people an audience names."""
