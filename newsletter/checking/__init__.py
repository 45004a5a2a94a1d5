"""Rules about issues, each one small function with a code, a level and one line of explanation."""
