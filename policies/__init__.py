"""The shipped profile: promises, ladders and keys as data (YAML). Code reads it through ``schemas.policy_files``."""
